"""Waiting for file descriptors without a limit on their numbers."""

import select
from collections.abc import Sequence


def wait_readable(fds: Sequence[int], timeout_s: float | None) -> list[int]:
    """Those of `fds` that can be read, after at most `timeout_s` seconds (None: no limit)."""
    poller = select.poll()
    for fd in fds:
        poller.register(fd, select.POLLIN)
    found = poller.poll(None if timeout_s is None else max(0, int(timeout_s * 1000 + 0.999)))
    return [fd for fd, _ in found]
