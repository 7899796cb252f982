"""Output that cannot be written: which errors stop no run, and what people read."""

import errno
from typing import Final

from rtd.common.stdlib.originals import os
from rtd.config.system_errors import describe_system_error

__all__ = ["explain_loss", "loses_output"]

_NO_DESCRIPTORS: Final = frozenset({errno.EMFILE, errno.ENFILE})
#: The directory was removed, or a task has given up the right, or the way, to it.
_NO_FILE: Final = frozenset({errno.ENOENT, errno.ENOTDIR, errno.EACCES, errno.EPERM})
_NO_SPACE: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO})
_LOSSES: Final = _NO_DESCRIPTORS | _NO_FILE | _NO_SPACE


def loses_output(error: OSError) -> bool:
    """Return whether an error is one of a disk or a limit, which must stop no run."""
    return error.errno in _LOSSES


def explain_loss(error: OSError) -> str:
    """Return the reason of a loss, for the note of the run."""
    if error.errno in _NO_DESCRIPTORS:  # whichever file it was
        return describe_system_error(OSError(error.errno, error.strerror))
    return os.strerror(error.errno or 0)
