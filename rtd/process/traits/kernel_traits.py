"""The traits that the kernel knows: who a process is, where it is, what it may use."""

import ctypes
import resource
from contextlib import suppress
from typing import Any, Final

from rtd.common.stdlib.originals import os
from rtd.process.traits.trait import Trait

__all__ = ["kernel_traits"]

_LIMITS: Final = {
    "address space": resource.RLIMIT_AS,
    "core": resource.RLIMIT_CORE,
    "CPU time": resource.RLIMIT_CPU,
    "data": resource.RLIMIT_DATA,
    "file size": resource.RLIMIT_FSIZE,
    "locked memory": resource.RLIMIT_MEMLOCK,
    "message queue": resource.RLIMIT_MSGQUEUE,
    "nice": resource.RLIMIT_NICE,
    "open files": resource.RLIMIT_NOFILE,
    "pending signals": resource.RLIMIT_SIGPENDING,
    "processes": resource.RLIMIT_NPROC,
    "realtime priority": resource.RLIMIT_RTPRIO,
    "realtime CPU time": resource.RLIMIT_RTTIME,
    "stack": resource.RLIMIT_STACK,
}
_PR_GET_SECCOMP: Final = 21
_PR_GET_NO_NEW_PRIVS: Final = 39
_CAPABILITY_VERSION_3: Final = 0x20080522
_libc: Final = ctypes.CDLL(None)
_capability_header: Final = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION_3, 0)
_capability_sets: Final = (ctypes.c_uint32 * 6)()


def _ids() -> tuple[Any, ...]:
    return os.getresuid(), os.getresgid(), os.getgroups()


def _set_ids(were: tuple[Any, ...]) -> None:
    users, groups, extra_groups = were
    if os.getresuid() != users:
        os.setresuid(*users)  # first: the rest may need root
    if os.getresgid() != groups:
        os.setresgid(*groups)
    if os.getgroups() != extra_groups:
        os.setgroups(extra_groups)


def _capabilities() -> tuple[Any, ...]:
    _libc.capget(_capability_header, _capability_sets)
    prctl = _libc.prctl
    return (*_capability_sets, prctl(_PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0), prctl(_PR_GET_SECCOMP))


def _set_capabilities(were: tuple[Any, ...]) -> None:
    _libc.capset(_capability_header, (ctypes.c_uint32 * 6)(*were[:6]))


def _umask() -> int:
    mask = os.umask(0o077)
    os.umask(mask)
    return mask


def _set_umask(were: int) -> None:
    os.umask(were)


def _limits() -> dict[str, tuple[int, int]]:
    get = resource.getrlimit
    return {name: get(kind) for name, kind in _LIMITS.items()}


def _set_limits(were: dict[str, tuple[int, int]]) -> None:
    for name, kind in _LIMITS.items():
        if resource.getrlimit(kind) != were[name]:
            with suppress(OSError, ValueError):
                resource.setrlimit(kind, were[name])


def _scheduling() -> tuple[Any, ...]:
    return (
        os.getpriority(os.PRIO_PROCESS, 0),
        os.sched_getaffinity(0),
        os.sched_getscheduler(0),
        os.sched_getparam(0).sched_priority,
    )


def _set_scheduling(were: tuple[Any, ...]) -> None:
    nice, processors, policy, priority = were
    os.sched_setscheduler(0, policy, os.sched_param(priority))
    os.setpriority(os.PRIO_PROCESS, 0, nice)
    os.sched_setaffinity(0, processors)


def _place(path: str) -> tuple[int, int]:
    found = os.stat(path)
    return found.st_dev, found.st_ino


def _set_root(_were: tuple[int, int]) -> None:
    raise OSError("there is no way back to the earlier root")


def _working_directory() -> Trait:
    try:
        path = os.getcwd()
    except OSError:  # it was removed before this process began
        path = "/"
    return Trait("working directory", lambda: _place("."), lambda _were: os.chdir(path))


def kernel_traits() -> list[Trait]:
    """Return the traits; those of ids come first, since the rest may need root."""
    return [
        Trait("ids", _ids, _set_ids),
        Trait("capabilities", _capabilities, _set_capabilities),
        Trait("root directory", lambda: _place("/"), _set_root),
        _working_directory(),
        Trait("umask", _umask, _set_umask),
        Trait("priority", _scheduling, _set_scheduling),
        Trait("limits", _limits, _set_limits),
    ]
