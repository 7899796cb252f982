"""How many files a process may open: its soft limit, which it may raise up to the hard one."""

import resource
from contextlib import suppress

__all__ = ["raise_descriptor_limit"]


def raise_descriptor_limit(wanted: int) -> int:
    """Let this process open so many files, or as many as the hard limit allows.

    Never lowers the limit. Returns how many it may open now.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return wanted
    most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    with suppress(OSError, ValueError):  # a sandbox may forbid it
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
        soft = most
    return soft
