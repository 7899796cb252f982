"""Packs occurrences for Redis; many of one moment are packed before it comes."""

import struct
import time
from collections.abc import Iterable, Sequence
from typing import Any, Final

from rtd.common.errors import UnknownTask
from rtd.model.manifest import Manifest, TaskInfo
from rtd.model.policies import DECLARED
from rtd.model.run_record import RunSpec, new_record
from rtd.planner.occurrence import Occurrence, OccurrenceVerdict
from rtd.protocol import frames
from rtd.store.commands import keys
from rtd.store.commands.schedule import FIRE_ALIVE, FIRE_NOW, fired_record_positions
from rtd.store.commands.schedule_records import FiredOccurrence, SkippedOccurrence
from rtd.store.connection.command import RedisCommand
from rtd.supervisor.core.clock import now_ms
from rtd.supervisor.core.context import SupervisorContext
from rtd.supervisor.core.log import log

#: Occurrences of one command: few, so that the first are under way while others are packed.
COMMAND_SIZE: Final = 100
BY: Final = "schedule"
NO_PARAMS: Final = frames.dump({}, "params")
#: In a record that is packed before its submission: stands for the time of it, which is not real.
_STAMP_AT: Final = -1.2345678901234567e-300
_STAMP: Final = struct.pack(">d", _STAMP_AT)


Pairs = list[tuple[Occurrence, FiredOccurrence]]


def pack_occurrences(
    manifest: Manifest, occurrences: Iterable[Occurrence], now_at: float
) -> tuple[dict[str, Pairs], list[SkippedOccurrence]]:
    """Return the occurrences as Redis takes them: those with runs by the place where the runs
    wait, and those without.

    Args:
        now_at: the time of the submission, epoch seconds.
    """
    groups: dict[str, Pairs] = {}
    skipped: list[SkippedOccurrence] = []
    for one in occurrences:
        if not one.makes_run:
            is_used_up = one.verdict is OccurrenceVerdict.MISSED
            note = f"{one.verdict}||{one.reason}"
            skipped.append(SkippedOccurrence(one.task, one.due_us, is_used_up, note))
            continue
        try:
            info = manifest.find(one.task)
        except UnknownTask:
            log.warning("task %s came due, but the app does not have it any more", one.task)
            continue
        policies = info.policies
        place = keys.place(info.pool, policies.queue, policies.priority)
        groups.setdefault(place, []).append((one, _fired(info, one, now_at)))
    return groups, skipped


def _fired(info: TaskInfo, one: Occurrence, now_at: float) -> FiredOccurrence:
    policies = info.policies
    opts: dict[str, Any] = {}
    limit = info.concurrency_limit
    if limit is not None:
        opts["max_concurrency"] = limit
        opts[DECLARED] = ["max_concurrency"]
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
    return FiredOccurrence(
        info.name,
        one.due_us,
        one.start_us,
        one.run_id,
        new_record(spec),
        keys.item(one.run_id, limit, info.name),
        expires_ms,
        note,
        one.known_us,
    )


class PreparedCommand:
    """A FIRE command for occurrences of one place, complete but for the time when it is sent.

    Args:
        command: with `_STAMP_AT` as the time of the submission.
        occurrences: those in the command.
    """

    def __init__(self, command: RedisCommand, occurrences: Sequence[Occurrence]) -> None:
        self.occurrences = occurrences
        self._command = command
        self._positions = fired_record_positions(command)
        self._halves = [command.args[position].split(_STAMP) for position in self._positions]

    def build(self, alive_us: int) -> RedisCommand:
        """Return the command, submitted now."""
        args = list(self._command.args)
        args[FIRE_NOW], args[FIRE_ALIVE] = now_ms(), alive_us
        stamp = struct.pack(">d", time.time())
        for position, halves in zip(self._positions, self._halves, strict=True):
            args[position] = stamp.join(halves)
        return RedisCommand(tuple(args), self._command.parse, self._command.script)


class PreparedBatch:
    """The starts of one moment, packed before it.

    Tasks whose runs expire are left out: their expiry counts from the submission.

    Args:
        context: what the parts of the supervisor share.
        at_us: the moment.
        predicted: the occurrences that will start then.
    """

    def __init__(
        self, context: SupervisorContext, at_us: int, predicted: Iterable[Occurrence]
    ) -> None:
        self.at_us = at_us
        self.commands: list[PreparedCommand] = []
        node, history = context.config.node, context.config.history
        groups, _ = pack_occurrences(context.manifest, predicted, _STAMP_AT)
        for place, packed in groups.items():
            pairs = [(one, fired) for one, fired in packed if not fired.expires_ms]
            for start in range(0, len(pairs), COMMAND_SIZE):
                chunk = pairs[start : start + COMMAND_SIZE]
                fired = [fired for _, fired in chunk]
                command = context.commands.fire(node, place, 0, history, 0, fired)
                self.commands.append(PreparedCommand(command, [one for one, _ in chunk]))

    @property
    def occurrences(self) -> list[Occurrence]:
        """Return all occurrences of the batch."""
        return [one for command in self.commands for one in command.occurrences]
