"""Tasks that spoil the process they run in."""

import asyncio
import ctypes
import os
import resource
import time
from typing import Any

from rtd import Session

session = Session()

CAPABILITY_VERSION_3 = 0x20080522
CAP_SYS_RESOURCE = 24


def close_all(wait_s: float) -> None:
    time.sleep(wait_s)
    os.closerange(3, 4096)


for lane in ("process", "thread"):
    session.task(name=f"close-{lane}", lane=lane)(close_all)
session.task(name="close-fresh", fresh=True)(close_all)


@session.task(name="close-async", lane="async")
async def close_async(wait_s: float) -> None:
    await asyncio.sleep(wait_s)
    os.closerange(3, 4096)


@session.task()
def limits() -> list[Any]:
    kinds = (resource.RLIMIT_NOFILE, resource.RLIMIT_FSIZE, resource.RLIMIT_CPU)
    return [os.getpid(), *(list(resource.getrlimit(kind)) for kind in kinds)]


@session.task()
def lower_soft() -> int:
    for kind in (resource.RLIMIT_NOFILE, resource.RLIMIT_FSIZE):
        resource.setrlimit(kind, (100, resource.getrlimit(kind)[1]))
    return os.getpid()


@session.task()
def lower_for_good() -> int:
    """Both limits, and the right to raise them again."""
    resource.setrlimit(resource.RLIMIT_CPU, (3000, 3000))
    header = (ctypes.c_uint32 * 2)(CAPABILITY_VERSION_3, 0)
    sets = (ctypes.c_uint32 * 6)()
    libc = ctypes.CDLL(None, use_errno=True)
    assert libc.capget(header, sets) == 0
    for effective_or_permitted in (0, 1):
        sets[effective_or_permitted] &= ~(1 << CAP_SYS_RESOURCE)
    assert libc.capset(header, sets) == 0
    return os.getpid()
