"""`logs`: the output of a run, from its files, live while it goes."""

import asyncio
from dataclasses import dataclass
from typing import Any, Final

from rtd.common.errors import BadRequest
from rtd.model.run_record import Attempt, Record, decode
from rtd.model.run_states import TERMINAL
from rtd.process.board.board import Seen
from rtd.process.events.inotify import FileWatch
from rtd.rpc.core.request import Ask
from rtd.rpc.core.resolve_target import no_such, resolve
from rtd.rpc.core.run_rows import Rows
from rtd.supervisor.core.run_waiters import Watch
from rtd.supervisor.runs.read_output import Part, Source

#: A follower of a silent or waiting run looks for its end or its start this often.
LOOK_S: Final = 0.25
#: Bytes behind the index are taken for raw output when nobody claims them for so long.
CLAIM_S: Final = 0.05


@dataclass(slots=True)
class Progress:
    """How far one answer has come."""

    attempt: int
    position: int = 0
    first: bool = True
    sent_bytes: int = 0
    lost_bytes: int = 0


async def handle(ask: Ask) -> dict[str, Any]:
    """The output as `log` notifications; with `follow` until the run ends."""
    params, core = ask.params, ask.core
    if params["stream"] not in (None, "out", "err"):
        raise BadRequest(f"logs: stream must be 'out' or 'err', not {params['stream']!r:.40}")
    run_id = await resolve(core, params["run"])
    if params["follow"]:
        async with ask.node.waiters.watch([run_id]) as watch:
            reader = _Reader(ask, run_id, watch)
            await reader.all_attempts()
    else:
        reader = _Reader(ask, run_id, None)
        await reader.all_attempts()
    return await reader.answer()


class _Reader:
    """Sends one run's output, attempt by attempt."""

    def __init__(self, ask: Ask, run_id: str, watch: Watch | None) -> None:
        self._ask = ask
        self._run_id = run_id
        self._watch = watch
        self._folder = ask.core.places.output_dir
        self._at = Progress(0)

    async def answer(self) -> dict[str, Any]:
        """The closing words."""
        record = await self._record()
        return {
            "id": self._run_id,
            "state": Rows(self._ask.core).of_record(record)["state"],
            "attempt": self._at.attempt,
            "output_bytes": self._at.sent_bytes,
            "lost_bytes": self._at.lost_bytes,
        }

    async def all_attempts(self) -> None:
        """The attempt that is wanted, or the latest; when following, those after it too."""
        record = await self._record()
        wanted = self._ask.params["attempt"]
        over = len(record.attempts)
        going = record.state not in TERMINAL and self._find() is not None
        number = wanted or (over + 1 if going or not over else over)
        if wanted is not None and not 1 <= wanted <= over + 1:
            raise BadRequest(f"logs: run {self._run_id} has no attempt {wanted}; it has had {over}")
        while True:
            self._at.attempt, self._at.position = number, 0
            await self._one_attempt(number)
            record = await self._record()
            more = record.state not in TERMINAL or len(record.attempts) > number
            if self._watch is None or wanted is not None or not more:
                return
            number += 1

    async def _one_attempt(self, number: int) -> None:
        """Live as long as it goes on, then the rest from where it was kept."""
        while True:
            record = await self._record()
            if len(record.attempts) >= number:
                await self._kept(record.attempts[number - 1])
                return
            if record.state in TERMINAL:
                return  # it ended without this attempt: cancelled
            seen = self._find()
            if seen is not None and seen.attempt == number:
                await self._live(seen)
                if self._watch is None:
                    return
            elif self._watch is None:
                return
            else:
                await self._watch.change(LOOK_S)

    async def _record(self) -> Record:
        blob = await self._ask.core.ask(self._ask.core.calls.get(self._run_id))
        if blob is None:
            raise no_such(self._run_id)
        return decode(blob)

    def _find(self) -> Seen | None:
        return self._ask.node.stops.find(self._run_id)

    # --- ended

    async def _kept(self, attempt: Attempt) -> None:
        if attempt.output is None:
            return
        source = Source.kept(self._folder, attempt.output)
        self._at.lost_bytes += attempt.output[4]
        if source is None:
            return
        if not source.data.exists():
            self._at.lost_bytes += source.length - self._at.position
            return
        await self._send(source, source.length)

    # --- going on

    async def _live(self, seen: Seen) -> None:
        """Send what there is; when following, go on until the run has left its slot."""
        index = self._index(seen)
        source = Source.live(self._folder, seen.exec_id, index)
        if source is None:
            return
        if self._watch is None:
            await self._send_live(seen, source, source.length)
            return
        changed = asyncio.Event()
        loop = asyncio.get_running_loop()
        try:
            file = FileWatch(source.data)
        except FileNotFoundError:
            return
        loop.add_reader(file.fileno(), _note, file, changed)
        try:
            await self._follow(seen, index, changed)
        finally:
            loop.remove_reader(file.fileno())
            file.close()

    async def _follow(self, seen: Seen, index: int, changed: asyncio.Event) -> None:
        while self._still_on(seen):
            changed.clear()
            source = Source.live(self._folder, seen.exec_id, index)
            if source is None:
                return
            marked = source.indexed_bytes()
            await self._send_live(seen, source, max(marked, self._at.position))
            unclaimed = source.length > max(marked, self._at.position)
            woken = await _wait(changed, CLAIM_S if unclaimed else LOOK_S)
            if unclaimed and not woken:
                await self._send_live(seen, source, source.length)

    async def _send_live(self, seen: Seen, source: Source, end: int) -> None:
        """Send what was read only if the file was still this run's afterwards."""
        start = self._start(source)
        parts = list(source.parts(start, min(end, start + (1 << 20))))
        if not self._still_on(seen):
            return
        for part in parts:
            await self._send_part(part)
        self._at.first = False
        if parts and end > self._at.position:
            await self._send_live(seen, source, end)

    def _still_on(self, seen: Seen) -> bool:
        now = self._ask.core.board.look(seen.slot)
        return (
            now is not None
            and now.running
            and (now.run_id, now.attempt, now.exec_id) == (seen.run_id, seen.attempt, seen.exec_id)
        )

    def _index(self, seen: Seen) -> int:
        executor = self._ask.core.executors.get(seen.exec_id)
        return 0 if executor is None else seen.slot - executor.slot

    # --- sending

    def _start(self, source: Source) -> int:
        """Where to go on; at the very first the last lines may be all that is wanted."""
        lines = self._ask.params["lines"]
        if self._at.first and lines is not None and not self._at.position:
            self._at.position = source.start_of_last_lines(lines)
        return self._at.position

    async def _send(self, source: Source, end: int) -> None:
        for part in source.parts(self._start(source), end):
            await self._send_part(part)
        self._at.first = False

    async def _send_part(self, part: Part) -> None:
        self._at.position = part.start + len(part.data)
        params = self._ask.params
        if params["since"] is not None and part.at is not None and part.at < params["since"]:
            return
        if params["stream"] == "err" and part.stream != "err":
            return
        if params["stream"] == "out" and part.stream == "err":
            return
        self._at.sent_bytes += len(part.data)
        await self._ask.send(
            "log", run=self._run_id, attempt=self._at.attempt, stream=part.stream, at=part.at,
            data=part.data,
        )  # fmt: skip


def _note(file: FileWatch, changed: asyncio.Event) -> None:
    file.take()
    changed.set()


async def _wait(event: asyncio.Event, timeout_s: float) -> bool:
    try:
        await asyncio.wait_for(event.wait(), timeout_s)
    except TimeoutError:
        return False
    return True
