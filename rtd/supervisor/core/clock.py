"""The two clocks, in the units that the store and the board use."""

import time


def now_ms() -> int:
    """Return the wall time in whole milliseconds, as Redis compares it."""
    return int(time.time() * 1000)


def wall_us() -> int:
    """Return the wall time in whole microseconds, as the planner takes it."""
    return time.time_ns() // 1000


def wall_of_ns(monotonic_ns: int) -> float:
    """Return the wall time (epoch seconds) of a moment on the monotonic clock."""
    return time.time() - (time.monotonic_ns() - monotonic_ns) / 1e9
