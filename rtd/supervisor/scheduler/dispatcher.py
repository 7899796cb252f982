"""From decided occurrences to Redis, in order, in batches, and again after Redis was away."""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from typing import Final

from rtd.common.errors import StoreGone, UnknownTask
from rtd.planner.occurrence import Occurrence, OccurrenceVerdict
from rtd.store.commands.schedule_records import FiredOccurrence, SkippedOccurrence
from rtd.store.connection.command import RedisCommand
from rtd.supervisor.core.clock import now_ms
from rtd.supervisor.core.context import SupervisorContext
from rtd.supervisor.core.jobs import SingleFlight
from rtd.supervisor.core.log import log
from rtd.supervisor.scheduler.prepared_batch import PreparedBatch, PreparedCommand, firing_of

#: Occurrences of one round trip; the first of many are on their way while others are packed.
BATCH: Final = 200

#: So many batches are under way at once.
MAX_BATCHES: Final = 10

#: Told of an occurrence whose run existed, and the state character of that run.
OnExistingRun = Callable[[Occurrence, str], None]


class Dispatcher:
    """What has been decided and is not in Redis yet.

    Args:
        context: what the parts of the supervisor share.
        decided_us: up to when everything has been decided.
        existed: called for occurrences that somebody had fired before.
    """

    def __init__(
        self, context: SupervisorContext, decided_us: Callable[[], int], existed: OnExistingRun
    ) -> None:
        self._context = context
        self._decided_us = decided_us
        self._on_existing_run = existed
        self._waiting: deque[Occurrence] = deque()
        self._in_flight: dict[str, Occurrence] = {}
        self._batches: dict[asyncio.Task[None], set[str]] = {}
        self._sender = SingleFlight(context.jobs, "firing occurrences", self._send_all)
        self._tracked: list[Occurrence] | None = None
        self.alive_us = 0

    def __len__(self) -> int:
        return len(self._waiting) + len(self._in_flight)

    def put(self, found: Iterable[Occurrence]) -> None:
        """Send these after those that wait."""
        self._waiting.extend(found)
        if self._waiting:
            self._sender.request()

    def send_prepared(self, volley: PreparedBatch) -> None:
        """Send these now, whatever waits."""
        for shot in volley.commands:
            self._mark_in_flight(shot.occurrences)
            self._context.jobs.start(self._send_command(shot), "firing many occurrences")

    def clear(self) -> None:
        """What waits is decided anew."""
        self._waiting.clear()

    def track_sent(self) -> None:
        """From now on remember what leaves, for a planner that is being read from Redis and
        may not find it there."""
        self._tracked = list(self._in_flight.values())

    def take_tracked(self) -> list[Occurrence]:
        """What has left since `note_sent`, or was on its way then, and what waits."""
        sent, self._tracked = self._tracked or [], None
        return [*sent, *self._waiting]

    def is_in_flight(self, occurrence: Occurrence) -> bool:
        """Whether Redis may not have it yet."""
        return in_flight_key(occurrence) in self._in_flight or occurrence in self._waiting

    def _mark_in_flight(self, batch: Iterable[Occurrence]) -> None:
        self._in_flight.update((in_flight_key(one), one) for one in batch)
        if self._tracked is not None:
            self._tracked.extend(batch)

    async def _send_command(self, shot: PreparedCommand) -> None:
        try:
            flags = await self._context.execute(shot.build(self._before(shot.occurrences)))
        except StoreGone:
            self._mark_stored(shot.occurrences)
            self.put(shot.occurrences)
            return
        self._mark_stored(shot.occurrences)
        self._report_existing(zip(shot.occurrences, flags, strict=True))

    async def _send_all(self) -> None:
        """Send what waits. What is put after that is sent at once, whatever is under way."""
        while self._waiting:
            count = min(BATCH, len(self._waiting))
            batch = [self._waiting.popleft() for _ in range(count)]
            self._mark_in_flight(batch)
            tasks = {one.task for one in batch}
            while len(self._batches) == MAX_BATCHES or self._is_under_way(tasks):
                # What is of one task stays in its order.
                await asyncio.wait(self._batches, return_when=asyncio.FIRST_COMPLETED)
            job = self._context.jobs.start(self._deliver(batch), "firing a batch")
            self._batches[job] = tasks
            job.add_done_callback(self._batches.pop)
            await asyncio.sleep(0)  # Redis has it while the next is packed

    def _is_under_way(self, tasks: set[str]) -> bool:
        return any(tasks & others for others in self._batches.values())

    async def _deliver(self, batch: Sequence[Occurrence]) -> None:
        flags = await self._send(batch)
        self._mark_stored(batch)
        self._report_existing(flags)

    def _mark_stored(self, batch: Iterable[Occurrence]) -> None:
        for one in batch:
            self._in_flight.pop(in_flight_key(one), None)

    def _report_existing(self, flags: Iterable[tuple[Occurrence, str]]) -> None:
        for occurrence, flag in flags:
            if flag not in ("", "q"):
                self._on_existing_run(occurrence, flag)

    async def _send(self, batch: Sequence[Occurrence]) -> list[tuple[Occurrence, str]]:
        """In Redis when it returns, however long that takes."""
        return await self._context.retry(lambda: self._try(batch))

    def _before(self, batch: Sequence[Occurrence]) -> int:
        """Up to when everything is in Redis while these are not."""
        return min([self.alive_us, *(one.due_us - 1 for one in batch)])

    def _after(self, batch: Sequence[Occurrence]) -> int:
        """Up to when everything is in Redis once these are."""
        arrived = {in_flight_key(one) for one in batch}
        rest = [o.due_us - 1 for key, o in self._in_flight.items() if key not in arrived]
        return min([self._decided_us(), *rest, *(one.due_us - 1 for one in self._waiting)])

    async def _try(self, batch: Sequence[Occurrence]) -> list[tuple[Occurrence, str]]:
        context, before, after = self._context, self._before(batch), self._after(batch)
        node, history = context.config.node, context.config.history
        groups, unfired = self._grouped(batch)
        calls: list[RedisCommand] = []
        who: list[Sequence[Occurrence]] = []
        if unfired:
            calls.append(context.commands.record_skipped(history, before, unfired))
            who.append(())
        for place, pairs in groups.items():
            firings = [firing for _, firing in pairs]
            calls.append(context.commands.fire(node, place, now_ms(), history, before, firings))
            who.append([occurrence for occurrence, _ in pairs])
        calls.append(context.commands.set_alive(after))
        answers = await context.redis.execute_all(*calls)
        self.alive_us = after
        flags: list[tuple[Occurrence, str]] = []
        for occurrences, answer in zip(who, answers, strict=False):
            flags += zip(occurrences, answer if occurrences else (), strict=True)
        return flags

    def _grouped(
        self, batch: Sequence[Occurrence]
    ) -> tuple[dict[str, list[tuple[Occurrence, FiredOccurrence]]], list[SkippedOccurrence]]:
        groups: dict[str, list[tuple[Occurrence, FiredOccurrence]]] = {}
        unfired: list[SkippedOccurrence] = []
        now_at = time.time()
        for one in batch:
            if not one.makes_run:
                used = one.verdict is OccurrenceVerdict.MISSED
                unfired.append(
                    SkippedOccurrence(one.task, one.due_us, used, f"{one.verdict}||{one.reason}")
                )
                continue
            try:
                info = self._context.manifest.find(one.task)
            except UnknownTask:
                log.warning("task %s came due, but the app does not have it any more", one.task)
                continue
            place, firing = firing_of(info, one, now_at)
            groups.setdefault(place, []).append((one, firing))
        return groups, unfired


def in_flight_key(one: Occurrence) -> str:
    """What tells it from others on their way."""
    return one.run_id or f"{one.task}|{one.due_us}|{one.verdict}"
