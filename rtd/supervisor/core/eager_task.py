"""Starts a coroutine at once instead of in the next turn of the event loop.

`asyncio.create_task` only queues the first step; before that step runs, the loop polls once more.
For a request of a client this poll is a good part of the time until the answer. Python 3.12 has
eager tasks for this; this module also works with 3.11.
"""

import asyncio
from collections.abc import Coroutine, Generator
from typing import Any


class _Continuation:
    """The rest of a coroutine that was started by hand and waits for a future."""

    def __init__(self, coroutine: Coroutine[Any, Any, None], awaited: Any) -> None:
        self._coroutine = coroutine
        self._awaited = awaited

    def __await__(self) -> Generator[Any, Any, None]:
        awaited = self._awaited
        while True:
            try:
                try:
                    sent = yield awaited
                except BaseException as error:
                    awaited = self._coroutine.throw(error)
                else:
                    awaited = self._coroutine.send(sent)
            except StopIteration:
                return


async def _rest(coroutine: Coroutine[Any, Any, None], awaited: Any) -> None:
    await _Continuation(coroutine, awaited)


def start_now(coroutine: Coroutine[Any, Any, None]) -> asyncio.Task[None] | None:
    """Run a coroutine up to its first wait, before this call returns.

    The coroutine must not need `asyncio.current_task` before it first waits (so no
    `asyncio.timeout`), and must contain its own errors until then.

    Returns:
        A task for the rest of it; None when it has ended already.
    """
    try:
        awaited = coroutine.send(None)
    except StopIteration:
        return None
    return asyncio.ensure_future(_rest(coroutine, awaited))
