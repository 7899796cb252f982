"""The ends of many runs, as Redis publishes them. Nothing polls."""

import time
from collections import deque
from collections.abc import Mapping, Sequence
from typing import Any, Final

from rtd.common.errors import BadRequest, StoreGone, StoreRefusal
from rtd.model.run_states import STATE_BY_CHAR, TERMINAL
from rtd.redis_client.connections import CONNECT_S
from rtd.redis_client.run_blocking import run_blocking
from rtd.rpc.core.ended_runs import EndedRuns, names_by_id
from rtd.rpc.core.resolve_target import resolve_all
from rtd.store.events.end_subscription import EndSubscription
from rtd.supervisor.core.context import SupervisorContext
from rtd.supervisor.core.run_waiters import chunks

#: The pause between two tries to reach a Redis that is away.
PAUSE_S: Final = 0.2
#: How long it may wait for one message.
_LONGEST_S: Final = 3600.0


class RedisEnds:
    """A request for the ends of runs. A program may block on it (`next_within`), or call `step`
    whenever `fileno` is readable.

    When Redis goes away it waits for it, and goes on.

    Args:
        context: of the client.
        params: of the request, checked.

    Attributes:
        answer: the answer that follows the last part; None before.

    Raises:
        BadRequest, NoSuchRun, StoreGone.
    """

    def __init__(self, context: SupervisorContext, params: Mapping[str, Any]) -> None:
        targets: list[str] = params["runs"]
        if not targets:
            raise BadRequest("collect: name at least one run")
        self.answer: dict[str, Any] | None = None
        self._context = context
        names = names_by_id(targets, run_blocking(resolve_all(context, targets)))
        self._count = len(names)
        self._pending = dict.fromkeys(names)
        self._ended = EndedRuns(context, names, params["values"])
        self._ready: deque[dict[str, Any]] = deque()
        self._channels = {context.commands.end_channel(run_id): run_id for run_id in names}
        self._subscription = EndSubscription(context.store_url)
        self._subscription.connect_once(CONNECT_S)
        self._is_subscribed = False

    @property
    def is_away(self) -> bool:
        """Whether Redis has gone, and the next step tries to reach it."""
        return not self._subscription.connected

    @property
    def is_waiting(self) -> bool:
        """Whether it waits for ends: the next step is due when `fileno` is readable."""
        return self._is_subscribed and not self._subscription.has_early

    def fileno(self) -> int:
        """Return the descriptor of the connection that waits. Raises StoreGone."""
        return self._subscription.fileno()

    @property
    def wait_limit_s(self) -> float:
        """When the next step is due at the latest, in seconds from now."""
        return _LONGEST_S

    def take(self) -> dict[str, Any] | None:
        """Return the next part that has been read; None: there is none."""
        return self._ready.popleft() if self._ready else None

    def next_within(self, seconds: float | None) -> dict[str, Any] | None:
        """Return the next part; None: there was none in so many seconds, or `answer` is set and
        no more will come."""
        until = None if seconds is None else time.monotonic() + seconds
        while (part := self.take()) is None and self.answer is None:
            left_s = None if until is None else max(until - time.monotonic(), 0.0)
            if left_s == 0.0 and self._is_subscribed:
                return None
            if self.is_away:
                time.sleep(PAUSE_S if left_s is None else min(PAUSE_S, left_s))
            self.step(left_s)
        return part

    def step(self, wait_s: float | None = 0.0) -> None:
        """Subscribe, or wait so long for ends and read the runs. Raises StoreError."""
        try:
            if self.is_away:
                self._is_subscribed = False
                limit_s = CONNECT_S if wait_s is None else min(max(wait_s, 1.0), CONNECT_S)
                self._subscription.connect_once(limit_s)
            if not self._is_subscribed:
                self._subscribe()
            else:
                self._read_ends(wait_s)
        except StoreGone as error:
            if isinstance(error, StoreRefusal) and not error.elsewhere:
                raise
            self._subscription.close()

    def _subscribe(self) -> None:
        calls, redis, pending = self._context.commands, self._context.redis, list(self._pending)
        over: list[str] = []
        for some in chunks(pending):
            self._subscription.subscribe([calls.end_channel(run_id) for run_id in some])
            states = run_blocking(
                redis.execute_all(*calls.await_runs(some), calls.get_states(some))
            )
            over += [
                run_id
                for run_id, char in zip(some, states[-1], strict=True)
                if char == "-" or STATE_BY_CHAR.get(char) in TERMINAL
            ]
        self._add(over)
        if not over:  # the first part says that there is none yet
            self._ready.append({"ended": []})
        self._is_subscribed = True

    def _read_ends(self, wait_s: float | None) -> None:
        ended: list[str] = []
        channel = self._subscription.next_channel(wait_s)
        while channel is not None:
            run_id = self._channels.get(channel)
            if run_id in self._pending and run_id not in ended:
                ended.append(run_id)
            channel = self._subscription.next_channel(0.0)
        self._add(ended)

    def _add(self, ids: Sequence[str]) -> None:
        """Read runs that have ended."""
        if ids:
            run_blocking(self._read(ids))
        if not self._pending:
            self.answer = {"ended": self._count}

    async def _read(self, ids: Sequence[str]) -> None:
        async for part in self._ended.parts(ids):
            self._ready.append({"ended": part})
            for one in part:
                del self._pending[one["row"]["id"]]

    def close(self) -> None:
        """End the connection. No more parts come."""
        self._subscription.close()
