"""Waiting for something to become true, with a deadline instead of a hope."""

import asyncio
import time
from collections.abc import Callable
from typing import Final, TypeVar

T = TypeVar("T")
_PAUSE_S: Final = 0.005
_PAUSE_MAX_S: Final = 0.2


def until(found: Callable[[], T], *, within_s: float = 20.0, what: str = "") -> T:
    """Call `found` until it returns something true; return that.

    Args:
        found: called many times; cheap, without side effects.
        within_s: how long it may take, in seconds.
        what: how the awaited thing is called when it does not come.

    Raises:
        AssertionError: it did not come in time.
    """
    ends = time.monotonic() + within_s
    while True:
        began = time.monotonic()
        value = found()
        if value:
            return value
        now = time.monotonic()
        assert now < ends, f"not within {within_s:g} s: {what or found}"
        # A look that starts a program may not keep a core busy, which others need meanwhile.
        time.sleep(min(max(_PAUSE_S, now - began), _PAUSE_MAX_S))


async def until_async(found: Callable[[], T], *, within_s: float = 20.0, what: str = "") -> T:
    """As `until`, for a loop that goes on meanwhile."""
    ends = asyncio.get_running_loop().time() + within_s
    while True:
        value = found()
        if value:
            return value
        assert asyncio.get_running_loop().time() < ends, (
            f"not within {within_s:g} s: {what or found}"
        )
        await asyncio.sleep(_PAUSE_S)
