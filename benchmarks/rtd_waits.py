"""The app of the section `waiting`: a task of each lane in which runs wait side by side."""

from __future__ import annotations

import asyncio
import time

from benchmarks import marks
from rtd import Session

session = Session()


@session.task(lane="greenlet")
def greenlets(seconds: float) -> None:
    """Wait; gevent has patched the module."""
    with marks.counted():
        time.sleep(seconds)


@session.task(lane="async")
async def coroutines(seconds: float) -> None:
    """Wait."""
    with marks.counted():
        await asyncio.sleep(seconds)
