"""`logs`: the output of a run, from its files, live while it runs."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from rtd.common.errors import BadRequest
from rtd.model.run_record import Attempt, RunRecord
from rtd.model.run_states import TERMINAL
from rtd.process.board.board import SlotSnapshot
from rtd.process.events.inotify import FileWatch
from rtd.protocol import run_verbs
from rtd.rpc.core.read_records import read_record
from rtd.rpc.core.request import ClientRequest
from rtd.rpc.core.resolve_target import resolve_target
from rtd.rpc.core.run_rows import RunRows
from rtd.rpc.core.verb_handlers import handles
from rtd.supervisor.core.run_waiters import RunWatch
from rtd.supervisor.runs.file_changes import changes_of, wait_for_change
from rtd.supervisor.runs.other_nodes import refuse_output_elsewhere
from rtd.supervisor.runs.read_output import OutputPart, OutputReader, OutputSource

#: How often a follower of a silent or queued run checks for its end or its start.
POLL_S: Final = 0.25
#: Bytes that the index does not cover for this long count as raw output.
CLAIM_S: Final = 0.05


@dataclass(slots=True)
class LogPosition:
    """How much of one answer has been sent."""

    attempt: int
    position: int = 0
    first: bool = True
    sent_bytes: int = 0
    lost_bytes: int = 0


@handles(run_verbs.LOGS)
async def handle(request: ClientRequest) -> dict[str, Any]:
    """Send the output as `log` notifications; with `follow` until the run ends."""
    params, context = request.params, request.context
    if params["stream"] not in (None, "out", "err"):
        raise BadRequest(f"logs: stream must be 'out' or 'err', not {params['stream']!r:.40}")
    after = params["after"]
    if after is not None and (len(after) != 2 or after[0] < 1 or after[1] < 0):
        raise BadRequest(f"logs: after: {after!r:.60} is not an attempt and a number of bytes")
    run_id = await resolve_target(context, params["run"])
    if params["follow"]:
        async with request.node.waiters.watch([run_id]) as watch:
            reader = _OutputSender(request, run_id, watch)
            await reader.send_attempts()
    else:
        reader = _OutputSender(request, run_id, None)
        await reader.send_attempts()
    return await reader.closing_answer()


class _OutputSender:
    """Sends the output of one run, attempt by attempt."""

    def __init__(self, request: ClientRequest, run_id: str, watch: RunWatch | None) -> None:
        self._request = request
        self._run_id = run_id
        self._watch = watch
        self._folder = request.context.paths.output_dir
        self._position = LogPosition(0)

    async def closing_answer(self) -> dict[str, Any]:
        """Return the answer that follows the last part."""
        record = await self._record()
        return {
            "id": self._run_id,
            "state": RunRows(self._request.context).of_record(record)["state"],
            "attempt": self._position.attempt,
            "output_bytes": self._position.sent_bytes,
            "lost_bytes": self._position.lost_bytes,
        }

    async def send_attempts(self) -> None:
        """Send the requested attempt, or the latest; when following, those after it too."""
        record = await self._record()
        wanted = self._request.params["attempt"]
        over = len(record.attempts)
        going = record.state not in TERMINAL and self._find() is not None
        after_attempt, after_bytes = self._request.params["after"] or (0, 0)
        number = wanted or after_attempt or (over + 1 if going or not over else over)
        if wanted is not None and not 1 <= wanted <= over + 1:
            raise BadRequest(f"logs: run {self._run_id} has no attempt {wanted}; it has had {over}")
        while True:
            start = after_bytes if number == after_attempt else 0
            self._position.attempt, self._position.position = number, start
            await self._one_attempt(number)
            record = await self._record()
            more = record.state not in TERMINAL or len(record.attempts) > number
            if self._watch is None or wanted is not None or not more:
                return
            number += 1

    async def _one_attempt(self, number: int) -> None:
        """Send an attempt live while it runs, then the rest from the stored output."""
        while True:
            record = await self._record()
            if len(record.attempts) >= number:
                await self._send_ended(record.attempts[number - 1])
                return
            if record.state in TERMINAL:
                return  # the run ended without this attempt: cancelled
            seen = self._find()
            if seen is not None and seen.attempt == number:
                await self._send_running(seen)
                if self._watch is None:
                    return
                continue
            await refuse_output_elsewhere(self._request.context, self._run_id)
            if self._watch is None:
                return
            await self._watch.wait_change(POLL_S)

    async def _record(self) -> RunRecord:
        return (await read_record(self._request.context, self._run_id))[1]

    def _find(self) -> SlotSnapshot | None:
        return self._request.node.stops.slots.find(self._run_id)

    # --- ended

    async def _send_ended(self, attempt: Attempt) -> None:
        if attempt.output is None:
            return
        source = OutputSource.from_record(self._folder, attempt.output)
        self._position.lost_bytes += attempt.output[4]
        if source is None:
            return
        if not source.is_there():
            await refuse_output_elsewhere(self._request.context, self._run_id, attempt)
            self._position.lost_bytes += source.length - self._position.position
            return
        await self._send(source)

    # --- going on

    async def _send_running(self, seen: SlotSnapshot) -> None:
        """Send the output so far; when following, go on until the run has left its slot."""
        index = self._index(seen)
        source = OutputSource.live(self._folder, seen.exec_id, index)
        if source is None:
            if self._watch is not None:
                await self._await_file(seen, index)
            return
        reader = self._reader(source)
        if self._watch is None:
            await self._send_live(seen, reader, source.length)
            return
        try:
            file = FileWatch(source.data)
        except FileNotFoundError:
            return
        with changes_of(file) as changed:
            await self._follow(seen, index, reader, changed)

    async def _await_file(self, seen: SlotSnapshot, index: int) -> None:
        """Return when the run has a file, which its first output makes, or has left its slot."""
        assert self._watch is not None
        try:
            folder = FileWatch.of_new_files(self._folder)
        except OSError:  # it was removed
            await self._watch.wait_change(POLL_S)
            return
        with changes_of(folder) as changed:
            while self._still_on(seen):
                changed.clear()
                if OutputSource.live(self._folder, seen.exec_id, index) is not None:
                    return
                await wait_for_change(changed, POLL_S)

    async def _follow(
        self, seen: SlotSnapshot, index: int, reader: OutputReader, changed: asyncio.Event
    ) -> None:
        while self._still_on(seen):
            changed.clear()
            source = OutputSource.live(self._folder, seen.exec_id, index)
            if source is None:
                return
            reader.source = source
            await self._send_live(seen, reader, source.indexed_bytes())
            unclaimed = source.length > reader.position
            woken = await wait_for_change(changed, CLAIM_S if unclaimed else POLL_S)
            if unclaimed and not woken:
                await self._send_live(seen, reader, source.length)

    async def _send_live(self, seen: SlotSnapshot, reader: OutputReader, end: int) -> None:
        """Send the bytes that were read only if the file still belonged to this run afterwards."""
        while parts := reader.read(end):
            if not self._still_on(seen):
                return
            await self._send_parts(parts)

    def _still_on(self, seen: SlotSnapshot) -> bool:
        now = self._request.context.board.read_slot(seen.slot)
        return (
            now is not None
            and now.running
            and (now.run_id, now.attempt, now.exec_id) == (seen.run_id, seen.attempt, seen.exec_id)
        )

    def _index(self, seen: SlotSnapshot) -> int:
        executor = self._request.context.executors.get(seen.exec_id)
        return 0 if executor is None else seen.slot - executor.slot

    # --- sending

    def _reader(self, source: OutputSource) -> OutputReader:
        """Return a reader that goes on; at first only the last lines may be asked for."""
        lines = self._request.params["lines"]
        if self._position.first and lines is not None and not self._position.position:
            self._position.position = source.start_of_last_lines(lines)
        self._position.first = False
        return OutputReader(source, self._position.position)

    async def _send(self, source: OutputSource) -> None:
        reader = self._reader(source)
        while parts := reader.read(source.length):
            await self._send_parts(parts)

    async def _send_parts(self, parts: Sequence[OutputPart]) -> None:
        for part in parts:
            await self._send_part(part)
        await asyncio.sleep(0)  # other clients get their turn: output may be large

    async def _send_part(self, part: OutputPart) -> None:
        self._position.position = part.start + len(part.data)
        params = self._request.params
        if params["since"] is not None and part.at is not None and part.at < params["since"]:
            return
        if params["stream"] == "err" and part.stream != "err":
            return
        if params["stream"] == "out" and part.stream == "err":
            return
        self._position.sent_bytes += len(part.data)
        await self._request.send_part(
            "log", run=self._run_id, attempt=self._position.attempt, stream=part.stream, at=part.at,
            data=part.data, end=self._position.position,
        )  # fmt: skip
