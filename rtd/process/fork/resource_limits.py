"""The resource limits of this process, and how to restore them."""

import resource
from contextlib import suppress
from typing import Final

__all__ = ["ResourceLimits"]

#: Limits that, once lowered, make code fail that has nothing to do with it.
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
    """The limits at the construction of this object."""

    def __init__(self) -> None:
        self._were = {name: resource.getrlimit(kind) for name, kind in _WATCHED.items()}

    def changed(self) -> list[str]:
        """Return the names of the limits that have changed. Takes some microseconds."""
        get = resource.getrlimit
        return [name for name, were in self._were.items() if get(_WATCHED[name]) != were]

    def restore(self) -> bool:
        """Restore the limits. Returns False when that is not allowed: a hard limit was lowered."""
        for name in self.changed():
            with suppress(OSError, ValueError):
                resource.setrlimit(_WATCHED[name], self._were[name])
        return not self.changed()
