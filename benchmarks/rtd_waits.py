"""The app of the section `waiting`: a task of each lane in which runs wait side by side."""

from __future__ import annotations

import asyncio
import time

from rtd import Session

session = Session()


@session.task(lane="greenlet")
def greenlets(seconds: float) -> None:
    """Wait; gevent has patched the module."""
    time.sleep(seconds)


@session.task(lane="async")
async def coroutines(seconds: float) -> None:
    """Wait."""
    await asyncio.sleep(seconds)
