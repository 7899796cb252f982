"""Sends decided occurrences to Redis: in order, in batches, and again after Redis was away."""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from typing import Final

from rtd.common.errors import StoreGone
from rtd.planner.occurrence import Occurrence
from rtd.planner.planner import Planner
from rtd.planner.predict import is_crowd, predict, still_holds
from rtd.store.commands.schedule import OVERTAKEN
from rtd.store.connection.command import RedisCommand
from rtd.supervisor.core.clock import now_ms
from rtd.supervisor.core.context import SupervisorContext
from rtd.supervisor.core.jobs import SingleFlight
from rtd.supervisor.scheduler.prepared_batch import (
    PreparedBatch,
    PreparedCommand,
    pack_occurrences,
)

#: Occurrences of one round trip; the first of many are on their way while others are packed.
BATCH: Final = 200

#: So many batches are under way at once.
MAX_BATCHES: Final = 10
#: So long before many tasks come due at once their runs are packed; not if less time is left.
LEAD_US: Final = 250_000
MIN_LEAD_US: Final = 60_000


class Dispatcher:
    """The occurrences that have been decided and are not in Redis yet.

    Args:
        context: what the parts of the supervisor share.
        decided_us: gives the moment up to which everything has been decided.
        on_existing_run: called for an occurrence whose run existed before and is over, or is not
            made because of a later start; and with the time of that start, in microseconds.

    Attributes:
        alive_us: up to when everything that was decided is in Redis.
    """

    def __init__(
        self,
        context: SupervisorContext,
        decided_us: Callable[[], int],
        on_existing_run: Callable[[Occurrence, int], None],
    ) -> None:
        self._context = context
        self._decided_us = decided_us
        self._on_existing_run = on_existing_run
        self._waiting: deque[Occurrence] = deque()
        self._in_flight: dict[str, Occurrence] = {}
        self._batches: dict[asyncio.Task[None], set[str]] = {}
        self._sender = SingleFlight(context.jobs, "firing occurrences", self._send_all)
        self._tracked: list[Occurrence] | None = None
        self._prepared: PreparedBatch | None = None
        self._sent_prepared: frozenset[str] = frozenset()
        self.alive_us = 0

    def __len__(self) -> int:
        return len(self._waiting) + len(self._in_flight)

    def put_decided(self, occurrences: Iterable[Occurrence]) -> None:
        """Send these after those that wait, but for those that `send_prepared` has sent."""
        sent, self._sent_prepared = self._sent_prepared, frozenset()
        self._put(one for one in occurrences if one.run_id not in sent)

    def _put(self, occurrences: Iterable[Occurrence]) -> None:
        self._waiting.extend(occurrences)
        if self._waiting:
            self._sender.request()

    def clear(self) -> None:
        """Drop what waits: it is decided again."""
        self._waiting.clear()

    # --- many at one moment

    def prepare(self, planner: Planner, wake_us: int, now_us: int) -> int:
        """Pack the runs of many tasks that come due at one moment, shortly before it.

        Args:
            wake_us: the planner's next wake-up.

        Returns:
            When to wake up: then, or before it to prepare.
        """
        ahead_us = wake_us - now_us
        is_prepared = self._prepared is not None and self._prepared.at_us == wake_us
        if ahead_us <= MIN_LEAD_US or is_prepared or not is_crowd(planner, wake_us):
            return wake_us
        if ahead_us > LEAD_US:
            return wake_us - LEAD_US
        self._prepared = PreparedBatch(self._context, wake_us, predict(planner, wake_us))
        return wake_us

    def send_prepared(self, planner: Planner, now_us: int) -> bool:
        """Send what was packed for this moment, before all that waits, if it still holds.

        Returns:
            Whether something was sent; the planner decides the same when it advances.
        """
        batch = self._prepared
        if batch is None or now_us < batch.at_us:
            return False
        self._prepared = None
        occurrences = batch.occurrences
        is_late = now_us - batch.at_us > LEAD_US
        if is_late or not still_holds(planner, batch.at_us, occurrences):
            return False
        for command in batch.commands:
            self._mark_in_flight(command.occurrences)
            self._context.jobs.start(self._send_command(command), "firing many occurrences")
        self._sent_prepared = frozenset(one.run_id for one in occurrences)
        return bool(occurrences)

    def drop_prepared(self, until_us: int | None = None) -> None:
        """Drop what was packed, or only what was packed for a moment up to this one."""
        if self._prepared is not None and (until_us is None or self._prepared.at_us <= until_us):
            self._prepared = None

    # --- what has been sent

    def track_sent(self) -> None:
        """Remember what is sent from now on, for a planner that is being loaded from Redis and
        may not find it there."""
        self._tracked = list(self._in_flight.values())

    def take_tracked(self) -> list[Occurrence]:
        """Return what was on its way at `track_sent` or was sent after it, and what waits."""
        sent, self._tracked = self._tracked or [], None
        return [*sent, *self._waiting]

    def is_in_flight(self, occurrence: Occurrence) -> bool:
        """Return whether Redis may not have it yet."""
        return in_flight_key(occurrence) in self._in_flight or occurrence in self._waiting

    def _mark_in_flight(self, batch: Iterable[Occurrence]) -> None:
        self._in_flight.update((in_flight_key(one), one) for one in batch)
        if self._tracked is not None:
            self._tracked.extend(batch)

    async def _send_command(self, command: PreparedCommand) -> None:
        try:
            flags = await self._context.execute(command.build(self._before(command.occurrences)))
        except Exception:
            self._mark_stored(command.occurrences)
            self._put(command.occurrences)
            raise
        self._mark_stored(command.occurrences)
        self._report_existing(zip(command.occurrences, flags, strict=True))

    async def _send_all(self) -> None:
        """Send what waits. What comes later is sent at once, without waiting for the replies."""
        while self._waiting:
            count = min(BATCH, len(self._waiting))
            batch = [self._waiting.popleft() for _ in range(count)]
            self._mark_in_flight(batch)
            tasks = {one.task for one in batch}
            while len(self._batches) == MAX_BATCHES or self._is_under_way(tasks):
                # The occurrences of one task stay in their order.
                await asyncio.wait(self._batches, return_when=asyncio.FIRST_COMPLETED)
            job = self._context.jobs.start(self._deliver(batch), "firing a batch")
            self._batches[job] = tasks
            job.add_done_callback(self._batches.pop)
            await asyncio.sleep(0)  # Redis has it while the next is packed

    def _is_under_way(self, tasks: set[str]) -> bool:
        return any(tasks & others for others in self._batches.values())

    async def _deliver(self, batch: Sequence[Occurrence]) -> None:
        flags = await self._context.retry_always("firing occurrences", lambda: self._send(batch))
        self._mark_stored(batch)
        self._report_existing(flags)

    def _mark_stored(self, batch: Iterable[Occurrence]) -> None:
        for one in batch:
            self._in_flight.pop(in_flight_key(one), None)

    def _report_existing(self, flags: Iterable[tuple[Occurrence, str]]) -> None:
        for occurrence, flag in flags:
            if flag.startswith(OVERTAKEN):
                self._on_existing_run(occurrence, int(flag.removeprefix(OVERTAKEN)))
            elif flag not in ("", "q"):
                self._on_existing_run(occurrence, occurrence.start_us)

    def _before(self, batch: Sequence[Occurrence]) -> int:
        """Return up to when everything is in Redis while these are not."""
        return min([self.alive_us, *(one.due_us - 1 for one in batch)])

    def _after(self, batch: Sequence[Occurrence]) -> int:
        """Return up to when everything is in Redis once these are."""
        arrived = {in_flight_key(one) for one in batch}
        rest = [o.due_us - 1 for key, o in self._in_flight.items() if key not in arrived]
        return min([self._decided_us(), *rest, *(one.due_us - 1 for one in self._waiting)])

    def save_alive(self) -> None:
        """Record up to when everything has been decided, if all of it is in Redis. Before the gate
        has opened nothing is recorded: what comes due then is for the next daemon."""
        context = self._context
        if not len(self) and context.gate.has_opened and context.redis.connected.is_set():
            context.jobs.start(self._save_alive(self._decided_us()), "noting the time")

    async def _save_alive(self, at_us: int) -> None:
        with suppress(StoreGone):  # the older moment stands
            await self._context.execute(self._context.commands.set_alive(at_us))
            self.alive_us = at_us

    async def _send(self, batch: Sequence[Occurrence]) -> list[tuple[Occurrence, str]]:
        context, before, after = self._context, self._before(batch), self._after(batch)
        node, history = context.config.node, context.config.history
        groups, skipped = pack_occurrences(context.manifest, batch, time.time())
        calls: list[RedisCommand] = []
        sent: list[Sequence[Occurrence]] = []
        # A trip for each step: a script that Redis does not know is sent again behind the others.
        if skipped:
            await context.execute(context.commands.record_skipped(history, before, skipped))
        for place, pairs in groups.items():
            firings = [firing for _, firing in pairs]
            calls.append(context.commands.fire(node, place, now_ms(), history, before, firings))
            sent.append([occurrence for occurrence, _ in pairs])
        answers = await context.redis.execute_all(*calls) if calls else []
        await self._save_alive(after)
        flags: list[tuple[Occurrence, str]] = []
        for occurrences, answer in zip(sent, answers, strict=True):
            flags += zip(occurrences, answer, strict=True)
        return flags


def in_flight_key(one: Occurrence) -> str:
    """Return the key of an occurrence among those on their way."""
    return one.run_id or f"{one.task}|{one.due_us}|{one.verdict}"
