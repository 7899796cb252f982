"""Waits for file descriptors without a limit on their numbers."""

from collections.abc import Sequence
from typing import Final

from rtd.common.stdlib.originals import select

#: The longest wait that poll(2) takes is 2^31 ms; a longer one is repeated.
_LONGEST_S: Final = 86_400.0


def poll_ms(timeout_s: float) -> int:
    """Return a wait for poll(2) in whole milliseconds, rounded up, a day at most."""
    return max(0, int(min(timeout_s, _LONGEST_S) * 1000 + 0.999))


def wait_readable(fds: Sequence[int], timeout_s: float | None) -> list[int]:
    """Return those of `fds` that can be read, after so many seconds at most (None: no limit)."""
    poller = select.poll()
    for fd in fds:
        poller.register(fd, select.POLLIN)
    found = poller.poll(None if timeout_s is None else poll_ms(timeout_s))
    return [fd for fd, _ in found]
