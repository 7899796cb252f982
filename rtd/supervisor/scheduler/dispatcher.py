"""From decided occurrences to Redis, in order, in batches, and again after Redis was away."""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from typing import Final

from rtd.common.errors import StoreGone, UnknownTask
from rtd.planner.occurrence import Occurrence, Verdict
from rtd.store.commands.schedule import Firing, Unfired
from rtd.store.connection.command import Call
from rtd.supervisor.core.clock import now_ms
from rtd.supervisor.core.context import Core
from rtd.supervisor.core.log import log
from rtd.supervisor.scheduler.prepared_batch import Shot, Volley, firing_of

#: Occurrences of one round trip; the first of many are on their way while others are packed.
BATCH: Final = 200

#: So many batches are under way at once.
FLYING: Final = 10

#: Told of an occurrence whose run existed, and the state character of that run.
Existed = Callable[[Occurrence, str], None]


class Outbox:
    """What has been decided and is not in Redis yet.

    Args:
        core: the shared ground.
        decided_us: up to when everything has been decided.
        existed: called for occurrences that somebody had fired before.
    """

    def __init__(self, core: Core, decided_us: Callable[[], int], existed: Existed) -> None:
        self._core = core
        self._decided_us = decided_us
        self._existed = existed
        self._waiting: deque[Occurrence] = deque()
        self._on_their_way: dict[str, Occurrence] = {}
        self._flying: dict[asyncio.Task[None], set[str]] = {}
        self._sending = False
        self._sent: list[Occurrence] | None = None
        self.alive_us = 0

    def __len__(self) -> int:
        return len(self._waiting) + len(self._on_their_way)

    def put(self, found: Iterable[Occurrence]) -> None:
        """Send these after those that wait."""
        self._waiting.extend(found)
        if self._waiting and not self._sending:
            self._sending = True
            self._core.jobs.start(self._send_all(), "firing occurrences")

    def shoot(self, volley: Volley) -> None:
        """Send these now, whatever waits."""
        for shot in volley.shots:
            self._leaves(shot.occurrences)
            self._core.jobs.start(self._shoot(shot), "firing many occurrences")

    def forget(self) -> None:
        """What waits is decided anew."""
        self._waiting.clear()

    def note_sent(self) -> None:
        """From now on remember what leaves, for a planner that is being read from Redis and
        may not find it there."""
        self._sent = list(self._on_their_way.values())

    def sent(self) -> list[Occurrence]:
        """What has left since `note_sent`, or was on its way then, and what waits."""
        sent, self._sent = self._sent or [], None
        return [*sent, *self._waiting]

    def is_on_its_way(self, occurrence: Occurrence) -> bool:
        """Whether Redis may not have it yet."""
        return key_of(occurrence) in self._on_their_way or occurrence in self._waiting

    def _leaves(self, batch: Iterable[Occurrence]) -> None:
        self._on_their_way.update((key_of(one), one) for one in batch)
        if self._sent is not None:
            self._sent.extend(batch)

    async def _shoot(self, shot: Shot) -> None:
        try:
            flags = await self._core.ask(shot.call(self._before(shot.occurrences)))
        except StoreGone:
            self._arrived(shot.occurrences)
            self.put(shot.occurrences)
            return
        self._arrived(shot.occurrences)
        self._tell(zip(shot.occurrences, flags, strict=True))

    async def _send_all(self) -> None:
        """Send what waits. What is put after that is sent at once, whatever is under way."""
        try:
            while self._waiting:
                count = min(BATCH, len(self._waiting))
                batch = [self._waiting.popleft() for _ in range(count)]
                self._leaves(batch)
                tasks = {one.task for one in batch}
                while len(self._flying) == FLYING or self._is_under_way(tasks):
                    # What is of one task stays in its order.
                    await asyncio.wait(self._flying, return_when=asyncio.FIRST_COMPLETED)
                job = self._core.jobs.start(self._deliver(batch), "firing a batch")
                self._flying[job] = tasks
                job.add_done_callback(self._flying.pop)
                await asyncio.sleep(0)  # Redis has it while the next is packed
        finally:
            self._sending = False

    def _is_under_way(self, tasks: set[str]) -> bool:
        return any(tasks & others for others in self._flying.values())

    async def _deliver(self, batch: Sequence[Occurrence]) -> None:
        flags = await self._send(batch)
        self._arrived(batch)
        self._tell(flags)

    def _arrived(self, batch: Iterable[Occurrence]) -> None:
        for one in batch:
            self._on_their_way.pop(key_of(one), None)

    def _tell(self, flags: Iterable[tuple[Occurrence, str]]) -> None:
        for occurrence, flag in flags:
            if flag not in ("", "q"):
                self._existed(occurrence, flag)

    async def _send(self, batch: Sequence[Occurrence]) -> list[tuple[Occurrence, str]]:
        """In Redis when it returns, however long that takes."""
        while True:
            try:
                return await self._try(batch)
            except StoreGone:
                await self._core.redis_back()

    def _before(self, batch: Sequence[Occurrence]) -> int:
        """Up to when everything is in Redis while these are not."""
        return min([self.alive_us, *(one.due_us - 1 for one in batch)])

    def _after(self, batch: Sequence[Occurrence]) -> int:
        """Up to when everything is in Redis once these are."""
        arrived = {key_of(one) for one in batch}
        rest = [o.due_us - 1 for key, o in self._on_their_way.items() if key not in arrived]
        return min([self._decided_us(), *rest, *(one.due_us - 1 for one in self._waiting)])

    async def _try(self, batch: Sequence[Occurrence]) -> list[tuple[Occurrence, str]]:
        core, before, after = self._core, self._before(batch), self._after(batch)
        node, history = core.config.node, core.config.history
        groups, unfired = self._grouped(batch)
        calls: list[Call] = []
        who: list[Sequence[Occurrence]] = []
        if unfired:
            calls.append(core.calls.note_unfired(history, before, unfired))
            who.append(())
        for place, pairs in groups.items():
            firings = [firing for _, firing in pairs]
            calls.append(core.calls.fire(node, place, now_ms(), history, before, firings))
            who.append([occurrence for occurrence, _ in pairs])
        calls.append(core.calls.set_alive(after))
        answers = await core.redis.call(*calls)
        self.alive_us = after
        flags: list[tuple[Occurrence, str]] = []
        for occurrences, answer in zip(who, answers, strict=False):
            flags += zip(occurrences, answer if occurrences else (), strict=True)
        return flags

    def _grouped(
        self, batch: Sequence[Occurrence]
    ) -> tuple[dict[str, list[tuple[Occurrence, Firing]]], list[Unfired]]:
        groups: dict[str, list[tuple[Occurrence, Firing]]] = {}
        unfired: list[Unfired] = []
        now_at = time.time()
        for one in batch:
            if not one.runs:
                used = one.verdict is Verdict.MISSED
                unfired.append(Unfired(one.task, one.due_us, used, f"{one.verdict}||{one.reason}"))
                continue
            try:
                info = self._core.manifest.find(one.task)
            except UnknownTask:
                log.warning("task %s came due, but the app does not have it any more", one.task)
                continue
            place, firing = firing_of(info, one, now_at)
            groups.setdefault(place, []).append((one, firing))
        return groups, unfired


def key_of(one: Occurrence) -> str:
    """What tells it from others on their way."""
    return one.run_id or f"{one.task}|{one.due_us}|{one.verdict}"
