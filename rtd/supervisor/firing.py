"""From decided occurrences to Redis, in order, in batches, and again after Redis was away."""

import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final

from rtd.model.errors import StoreGone, UnknownTask
from rtd.model.manifest import TaskInfo
from rtd.model.run import Spec, new_record
from rtd.store import keys
from rtd.store.call import Call
from rtd.store.scheduling import Firing, Unfired
from rtd.supervisor.clock import now_ms
from rtd.supervisor.core import Core
from rtd.supervisor.log import log
from rtd.supervisor.schedule import Occurrence, Verdict
from rtd.wire import frames

#: Occurrences of one round trip; the first of many are on their way while others are packed.
BATCH: Final = 200
BY: Final = "schedule"
NO_PARAMS: Final = frames.dump({}, "params")

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
        self._sending = False
        self.alive_us = 0

    def __len__(self) -> int:
        return len(self._waiting)

    def put(self, found: Iterable[Occurrence]) -> None:
        """Send these after those that wait."""
        self._waiting.extend(found)
        if self._waiting and not self._sending:
            self._sending = True
            self._core.jobs.start(self._send_all(), "firing occurrences")

    def forget(self) -> None:
        """The app has changed: what waits is decided anew."""
        self._waiting.clear()

    async def _send_all(self) -> None:
        try:
            while self._waiting:
                batch = [self._waiting[i] for i in range(min(BATCH, len(self._waiting)))]
                flags = await self._send(batch)
                for _ in range(min(len(batch), len(self._waiting))):
                    self._waiting.popleft()
                for occurrence, flag in flags:
                    if flag not in ("", "q"):
                        self._existed(occurrence, flag)
        finally:
            self._sending = False

    async def _send(self, batch: Sequence[Occurrence]) -> list[tuple[Occurrence, str]]:
        """In Redis when it returns, however long that takes."""
        while True:
            try:
                return await self._try(batch)
            except StoreGone:
                await self._core.redis_back()

    async def _try(self, batch: Sequence[Occurrence]) -> list[tuple[Occurrence, str]]:
        core = self._core
        groups, unfired = self._grouped(batch)
        # Only when the last call is through has everything up to `after` been written.
        before = min(self.alive_us, *(o.due_us - 1 for o in batch)) if batch else self.alive_us
        rest = [self._waiting[i].due_us - 1 for i in range(len(batch), len(self._waiting))]
        after = min([self._decided_us(), *rest])
        calls: list[Call] = []
        who: list[Sequence[Occurrence]] = []
        if unfired:
            calls.append(core.calls.note_unfired(core.config.history, before, unfired))
            who.append(())
        for place, pairs in groups.items():
            firings = [firing for _, firing in pairs]
            calls.append(
                core.calls.fire(
                    core.config.node, place, now_ms(), core.config.history, before, firings
                )
            )
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


def firing_of(info: TaskInfo, one: Occurrence, now_at: float) -> tuple[str, Firing]:
    """An occurrence as Redis is told it, and the place where its run waits."""
    policies = info.policies
    opts: dict[str, Any] = {}
    if policies.max_concurrency is not None:
        opts["max_concurrency"] = policies.max_concurrency
    spec = Spec(
        one.run_id, info.name, NO_PARAMS, info.pool, policies.queue, policies.priority, now_at,
        opts, BY, None,
    )  # fmt: skip
    expires_ms = 0
    if policies.expires_s is not None:
        expires_ms = max(1, int((now_at + policies.expires_s) * 1000))
    note = f"{one.verdict}|{one.run_id}|{one.reason}"
    if one.verdict is Verdict.RAN and not one.reason:
        note = "ran||"
    firing = Firing(
        info.name,
        one.due_us,
        one.start_us,
        one.run_id,
        new_record(spec),
        keys.item(one.run_id, policies.max_concurrency, info.name),
        expires_ms,
        note,
    )
    return keys.place(info.pool, policies.queue, policies.priority), firing
