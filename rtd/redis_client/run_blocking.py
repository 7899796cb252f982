"""Runs coroutines of the supervisor without an event loop."""

from collections.abc import Coroutine
from typing import Any, TypeVar

ResultT = TypeVar("ResultT")


def run_blocking(work: Coroutine[Any, Any, ResultT]) -> ResultT:
    """Return the result of a coroutine that waits for nothing but our blocking connections.

    So the code that the supervisor runs for its clients serves a blocking program as it is. A turn
    for others (`asyncio.sleep(0)`) is no wait.
    """
    try:
        while (waits_for := work.send(None)) is None:
            pass
    except StopIteration as end:
        result: ResultT = end.value
        return result
    work.close()
    raise RuntimeError(f"{work} waits for {waits_for!r}: it needs an event loop")
