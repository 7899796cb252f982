"""Occurrences as Redis is told them; many at once are packed before their moment comes."""

import struct
import time
from collections.abc import Sequence
from typing import Any, Final

from rtd.common.errors import UnknownTask
from rtd.model.manifest import TaskInfo
from rtd.model.run_record import RunSpec, new_record
from rtd.planner.occurrence import Occurrence, OccurrenceVerdict
from rtd.protocol import frames
from rtd.store.commands import keys
from rtd.store.commands.schedule import FIRE_ALIVE, FIRE_NOW, fired_record_positions
from rtd.store.commands.schedule_records import FiredOccurrence
from rtd.store.connection.command import RedisCommand
from rtd.supervisor.core.clock import now_ms
from rtd.supervisor.core.context import SupervisorContext

#: Occurrences of one call: small, so that the first are under way while others are packed.
COMMAND_SIZE: Final = 100
BY: Final = "schedule"
NO_PARAMS: Final = frames.dump({}, "params")
#: Stands for the time of the submission in a record that is packed before it: no real time.
_STAMP_AT: Final = -1.2345678901234567e-300
_STAMP: Final = struct.pack(">d", _STAMP_AT)


def firing_of(info: TaskInfo, one: Occurrence, now_at: float) -> tuple[str, FiredOccurrence]:
    """An occurrence as Redis is told it, and the place where its run waits."""
    policies = info.policies
    opts: dict[str, Any] = {}
    if policies.max_concurrency is not None:
        opts["max_concurrency"] = policies.max_concurrency
    spec = RunSpec(
        id=one.run_id, task=info.name, params=NO_PARAMS, lane=info.pool, queue=policies.queue,
        priority=policies.priority, submitted_at=now_at, opts=opts, by=BY,
    )  # fmt: skip
    expires_ms = 0
    if policies.expires_s is not None:
        expires_ms = max(1, int((now_at + policies.expires_s) * 1000))
    note = f"{one.verdict}|{one.run_id}|{one.reason}"
    if one.verdict is OccurrenceVerdict.RAN and not one.reason:
        note = "ran||"
    firing = FiredOccurrence(
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


class PreparedCommand:
    """Some occurrences of one place, packed but for the time at which they are sent."""

    def __init__(self, call: RedisCommand, occurrences: Sequence[Occurrence]) -> None:
        self.occurrences = occurrences
        self._call = call
        self._places = fired_record_positions(call)
        self._halves = [call.args[place].split(_STAMP) for place in self._places]

    def build(self, alive_us: int) -> RedisCommand:
        """The call, submitted now."""
        args = list(self._call.args)
        args[FIRE_NOW], args[FIRE_ALIVE] = now_ms(), alive_us
        stamp = struct.pack(">d", time.time())
        for place, halves in zip(self._places, self._halves, strict=True):
            args[place] = stamp.join(halves)
        return RedisCommand(tuple(args), self._call.parse, self._call.script)


class PreparedBatch:
    """What is fired at one moment, ready to be sent.

    Tasks whose runs expire are left out: their expiry counts from the submission.
    """

    def __init__(
        self, context: SupervisorContext, at_us: int, predicted: Sequence[Occurrence]
    ) -> None:
        self.at_us = at_us
        self.commands: list[PreparedCommand] = []
        groups: dict[str, list[tuple[Occurrence, FiredOccurrence]]] = {}
        for one in predicted:
            try:
                info = context.manifest.find(one.task)
            except UnknownTask:
                continue
            if info.policies.expires_s is None:
                place, firing = firing_of(info, one, _STAMP_AT)
                groups.setdefault(place, []).append((one, firing))
        node, history = context.config.node, context.config.history
        for place, pairs in groups.items():
            for start in range(0, len(pairs), COMMAND_SIZE):
                some = pairs[start : start + COMMAND_SIZE]
                firings = [firing for _, firing in some]
                call = context.commands.fire(node, place, 0, history, 0, firings)
                self.commands.append(PreparedCommand(call, [one for one, _ in some]))

    @property
    def occurrences(self) -> list[Occurrence]:
        """All of them."""
        return [one for shot in self.commands for one in shot.occurrences]
