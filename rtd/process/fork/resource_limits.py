"""The resource limits of this process: what others left of them is put back."""

import resource
from contextlib import suppress
from typing import Final

__all__ = ["ResourceLimits"]

#: Those that make code fail which has nothing to do with who lowered them.
_WATCHED: Final = {
    "address space": resource.RLIMIT_AS,
    "core": resource.RLIMIT_CORE,
    "CPU time": resource.RLIMIT_CPU,
    "data": resource.RLIMIT_DATA,
    "file size": resource.RLIMIT_FSIZE,
    "open files": resource.RLIMIT_NOFILE,
    "processes": resource.RLIMIT_NPROC,
    "stack": resource.RLIMIT_STACK,
}


class ResourceLimits:
    """As they are when this is made, and kept so by `mend`."""

    def __init__(self) -> None:
        self._were = {name: resource.getrlimit(kind) for name, kind in _WATCHED.items()}

    def changed(self) -> list[str]:
        """The names of those that are not as they were. Takes some microseconds."""
        get = resource.getrlimit
        return [name for name, were in self._were.items() if get(_WATCHED[name]) != were]

    def restore(self) -> bool:
        """Put them back. False: it is not allowed, for a hard limit was lowered."""
        for name in self.changed():
            with suppress(OSError, ValueError):
                resource.setrlimit(_WATCHED[name], self._were[name])
        return not self.changed()
