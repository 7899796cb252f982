"""Starts a coroutine at once instead of in the next turn of the event loop.

`asyncio.create_task` only queues the first step; before that step runs, the loop polls once more.
For a request of a client this poll is a good part of the time until the answer. Python 3.12 has
eager tasks for this; this module also works with 3.11.
"""

import asyncio
from collections.abc import Coroutine, Generator
from typing import Any


class _Continuation(Coroutine[Any, Any, None]):
    """The rest of a coroutine that was started by hand and waits for a future.

    A task that is cancelled before its first step throws the error into its coroutine at once, so
    this is a coroutine that has begun: the error comes out where the other one waits.
    """

    def __init__(self, coroutine: Coroutine[Any, Any, None], awaited: Any) -> None:
        self._coroutine = coroutine
        self._awaited = awaited
        self._is_first = True

    def send(self, value: Any) -> Any:
        """Go on; the first call only says what the coroutine waits for."""
        if self._is_first:
            self._is_first = False
            awaited, self._awaited = self._awaited, None
            return awaited
        return self._coroutine.send(value)

    def throw(self, *error: Any) -> Any:
        """Raise an error where the coroutine waits."""
        if self._is_first:
            self._is_first = False
            if self._awaited is not None:
                self._awaited.cancel()  # as a task does that waits for it
        return self._coroutine.throw(*error)

    def close(self) -> None:
        """End the coroutine."""
        self._coroutine.close()

    def __await__(self) -> Generator[Any, Any, None]:
        """Nothing awaits it: a task calls `send` and `throw` itself."""
        raise TypeError("only a task goes on with a coroutine that was started by hand")


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
    return asyncio.get_running_loop().create_task(_Continuation(coroutine, awaited))
