"""Builds the rows of runs that `ls`, `wait` and `show` answer with."""

import json
import shlex
from collections.abc import Iterable, Sequence
from typing import Any, Final

import msgpack

from rtd.common.format_units import format_count
from rtd.common.msgpack_values import unpack
from rtd.model.internal_tasks import INTERNAL_QUEUE
from rtd.model.manifest import COMMAND
from rtd.model.parameter_names import hide_private
from rtd.model.run_record import RunRecord, RunSpec, count_failures
from rtd.model.run_states import RunState
from rtd.process.board.board import SlotSnapshot
from rtd.process.tree.program_name import only_program
from rtd.rpc.core.bad_records import RunRow, bad_record_row
from rtd.store.commands.reads import QueueState
from rtd.store.commands.stored_records import UNREADABLE, parse_record
from rtd.supervisor.core.clock import wall_of_ns
from rtd.supervisor.core.context import SupervisorContext
from rtd.supervisor.core.run_helpers import policies_of

#: Larger parameters are not unpacked for a row.
_UNPACK_LIMIT: Final = 4096
_TEXT_CHARS: Final = 200


class RunRows:
    """Builds rows from stored records and from the state of this node now.

    Args:
        context: the context of the supervisor.
        progress: the progress reports of running runs, by id, as stored.
    """

    def __init__(
        self, context: SupervisorContext, progress: dict[str, bytes] | None = None
    ) -> None:
        self._context = context
        self._progress = progress or {}
        self._private: dict[str, frozenset[str]] = {}
        #: Those of tasks; a submit may have others.
        self._retries: dict[str, int] = {}
        self._going: dict[str, SlotSnapshot] = {seen.run_id: seen for seen in context.busy_slots()}

    def is_going(self, run_id: str) -> bool:
        """Check whether a run is running on this node now."""
        return run_id in self._going

    def of_blob(
        self, run_id: str, blob: bytes, due_at: float | None = None, leased: bool = False
    ) -> RunRow:
        """Return the row of a stored record; one that cannot be read gets a row that says so.

        Args:
            due_at: when a delayed run may start.
            leased: an executor has the run. An executor of this node shows it on the board once
                it starts.
        """
        try:
            record = parse_record(run_id, blob)
        except ValueError as error:
            return bad_record_row(run_id, blob, str(error))
        return self.of_record(record, due_at, leased)

    def of_record(
        self, record: RunRecord, due_at: float | None = None, leased: bool = False
    ) -> RunRow:
        """Return the row of a record; see `of_blob`."""
        spec = record.spec
        seen = self._going.get(spec.id)
        last = record.attempts[-1] if record.attempts else None
        row: RunRow = {
            "id": spec.id,
            "task": spec.task,
            "state": str(record.state),
            "queue": spec.queue,
            "lane": spec.lane.partition("@")[0],
            "priority": spec.priority,
            "text": text_of(spec.task, spec.params, self._private_in(spec.task)),
            "labels": spec.opts.get("labels") or [],
            "key": spec.key,
            "submitted_at": spec.submitted_at,
            "due_at": due_at,
            "started_at": last.started_at if last else None,
            "ended_at": record.end.ended_at if record.end else None,
            "attempt": len(record.attempts),
            "attempts": self._retries_of(spec) + 1 + _free_attempts(record),
            "by": record.end.by if record.end else None,
            "why": why_of(record),
            "progress": self._progress_of(spec.id),
            "exit": last.exit if last else None,
            "cpu_s": last.cpu_s if last else 0.0,
            "peak_bytes": last.peak_bytes if last else 0,
            "pid": None,
        }
        if record.state is RunState.QUEUED and (seen is not None or leased):
            self._show_running(row, seen)
        return row

    def _retries_of(self, spec: RunSpec) -> int:
        if "retries" in spec.opts:
            return policies_of(self._context, spec).retries
        retries = self._retries.get(spec.task)
        if retries is None:
            retries = policies_of(self._context, spec._replace(opts={})).retries
            self._retries[spec.task] = retries
        return retries

    def _private_in(self, task: str) -> frozenset[str]:
        names = self._private.get(task)
        if names is None:
            names = self._private[task] = self._context.private_names(task)
        return names

    def _show_running(self, row: RunRow, seen: SlotSnapshot | None) -> None:
        """Return the state: a record says `queued` until its run ends, the board says `running`."""
        row["state"] = str(RunState.RUNNING)
        row["attempt"] += 1
        row["why"] = row["exit"] = None
        row["cpu_s"], row["peak_bytes"] = 0.0, 0
        row["started_at"] = None if seen is None else wall_of_ns(seen.started_ns)
        row["pid"] = None if seen is None else seen.pid

    def _progress_of(self, run_id: str) -> RunRow | None:
        blob = self._progress.get(run_id)
        if blob is None:
            return None
        try:
            done, total, text, at = msgpack.unpackb(blob)
        except UNREADABLE:  # another program has written it
            return None
        return {"done": done, "total": total, "text": text, "at": at}


def _free_attempts(record: RunRecord) -> int:
    """Count the earlier attempts that have used up no retry: lost, drained or reloaded ones."""
    earlier = record.attempts if record.end is None else record.attempts[:-1]
    return len(earlier) - count_failures((a.state, a.error) for a in earlier)


def why_of(record: RunRecord) -> str | None:
    """Return why a run has ended, or its latest attempt; None: there is nothing to say."""
    if record.end is not None:
        return record.end.why or None
    last = record.attempts[-1] if record.attempts else None
    if last is None:
        return None
    if last.error is not None:
        return f"{last.error[0].rpartition('.')[2]}: {last.error[1]}".partition("\n")[0]
    return last.note


def text_of(task: str, params: bytes, private: frozenset[str]) -> str:
    """Return the command line of a command, else the parameters in short without private ones."""
    if len(params) > _UNPACK_LIMIT:
        return f"({format_count(len(params), 'byte')} of parameters)"
    try:
        values = hide_private(unpack(params), private)
        if task == COMMAND:
            text = shlex.join(values.get("argv") or [])
        else:
            text = ", ".join(f"{name}={_as_json(value):.60}" for name, value in values.items())
    except UNREADABLE:  # not from our client; show the other rows
        return "(parameters that cannot be shown)"
    return text if len(text) <= _TEXT_CHARS else text[: _TEXT_CHARS - 3] + "..."


def count_queued(table: Iterable[QueueState]) -> int:
    """Return how many runs wait in all queues, without those of rtd's own."""
    return sum(row.queued + row.delayed + row.held for row in table if row.queue != INTERNAL_QUEUE)


def _as_json(value: Any) -> str:
    """Return a value as people write it for `name:=JSON`; what JSON does not have as text."""
    try:
        return json.dumps(value, ensure_ascii=False, default=str)
    except TypeError:  # a key that is no text
        return json.dumps(str(value), ensure_ascii=False)


def ended_processes(
    context: SupervisorContext, task: str, ended: Iterable[Sequence[Any]]
) -> list[list[Any]]:
    """Return pid, name and end of each process; without arguments where private values may be."""
    is_private = bool(context.private_names(task))
    return [[pid, only_program(name) if is_private else name, how] for pid, name, how in ended]
