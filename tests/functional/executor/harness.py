"""Executors without a supervisor: the test is their parent, their Redis and their client."""

import os
import shutil
import signal
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import msgpack

from rtd.common.ids import new_id, new_ids, to_words
from rtd.common.msgpack_values import pack, unpack
from rtd.executor.executor import run_executor as executor_main
from rtd.model.output_index import iter_entries
from rtd.model.run_record import RunRecord, RunSpec, decode_record, new_record
from rtd.process.board.board import Board, SlotSnapshot
from rtd.process.fork.fork import fork_child, set_up_executor
from rtd.process.tree.process_identity import start_ticks
from rtd.session.session import Session
from rtd.store.commands import keys
from rtd.store.commands.arguments import Submission
from rtd.store.commands.commands import StoreCommands
from rtd.store.connection.blocking import RedisConnection
from rtd.store.embedded.server import EmbeddedRedis
from tests.helpers.deadline import until


class Executor(NamedTuple):
    """A forked executor: its id, its pid, its slots on the board."""

    id: str
    pid: int
    slots: list[int]


class Bench:
    """A Redis, a board, and executors forked from this very process."""

    def __init__(self) -> None:
        self.home = Path(tempfile.mkdtemp(prefix="rtd-exec-"))
        self.output = self.home / "output"
        self.output.mkdir()
        self.redis = EmbeddedRedis(self.home / "redis")
        self.redis.start()
        self.link = RedisConnection.connect(self.redis.url)
        self.calls = StoreCommands("test")
        self.board = Board.create(self.home / "board")
        self._living: dict[int, Executor] = {}
        self._next_slot = 0

    def fork(
        self, pool: str, session: Session | None = None, concurrency: int = 1, **options: Any
    ) -> Executor:
        """Bring an executor to life."""
        exec_id = new_id()
        slots = list(range(self._next_slot, self._next_slot + concurrency))
        self._next_slot += concurrency
        for slot in slots:
            self.board.reserve(slot + 1)
            self.board.allocate_slot(slot, *to_words(exec_id), pool)
        told = {
            "store_url": self.redis.url,
            "namespace": "test",
            "node": "n",
            "output_dir": str(self.output),
            "concurrency": concurrency,
            **options,
        }

        def body() -> int:
            set_up_executor(f"{pool} executor")
            own = [self.board.slot(slot) for slot in slots]
            return executor_main(pool, exec_id, own, session, told)

        pid = fork_child(body)
        for slot in slots:
            self.board.set_owner(slot, pid, start_ticks(pid) or 0)
        self._living[pid] = Executor(exec_id, pid, slots)
        return self._living[pid]

    def submit(
        self,
        task: str,
        params: Mapping[str, Any] | None = None,
        pool: str = "process",
        **opts: Any,
    ) -> str:
        """Queue one run; gives its id."""
        return self.submit_many(task, [params or {}], pool, **opts)[0]

    def submit_many(
        self, task: str, many: Sequence[Mapping[str, Any]], pool: str = "process", **opts: Any
    ) -> list[str]:
        """Queue runs; gives their ids."""
        ids = new_ids(len(many))
        place = keys.place(pool, "default", 0)
        now = time.time()
        runs = []
        for run_id, params in zip(ids, many, strict=True):
            blob = pack(dict(params))
            spec = RunSpec(run_id, task, blob, pool, "default", 0, now, opts, "test", None)
            runs.append(Submission(run_id, new_record(spec), run_id))
        self.link.execute_all(self.calls.submit("n", place, task, int(now * 1000), runs))
        return ids

    def record(self, run_id: str) -> RunRecord:
        """The run's record as it is now."""
        return decode_record(self.link.execute(self.calls.get_record(run_id)))

    def ended(self, run_id: str, *, within_s: float = 10.0) -> RunRecord:
        """The run's record once the run is over."""

        def over() -> RunRecord | None:
            record = self.record(run_id)
            return record if record.end is not None else None

        return until(over, within_s=within_s, what=f"the end of run {run_id}")  # type: ignore[return-value]

    def running(self, run_id: str, *, within_s: float = 10.0) -> SlotSnapshot:
        """Return the board's slot of the run, once it runs."""

        def found() -> SlotSnapshot | None:
            return next((seen for seen in self.board.scan() if seen.run_id == run_id), None)

        return until(found, within_s=within_s, what=f"the start of run {run_id}")  # type: ignore[return-value]

    def ask(self, run_id: str, *, then: str = "terminate") -> SlotSnapshot:
        """Ask a running run to stop, as a zygote does, with a note of who and why."""
        seen = self.running(run_id)
        note = {"by": "tester", "why": "the test wants it", "at": time.time(), "then": then}
        self.link.execute(self.calls.set_intent(run_id, msgpack.packb(note)))
        self.board.set_stop(seen.slot, to_words(run_id)[1])
        os.kill(seen.pid, signal.SIGTERM)
        return seen

    def retire(self, executor: Executor) -> None:
        """Tell an executor to take no more runs."""
        for slot in executor.slots:
            self.board.set_retire(slot)
        os.kill(executor.pid, signal.SIGTERM)

    def exit_code(self, executor: Executor, *, within_s: float = 10.0) -> int:
        """How an executor ended, once it has: its code, or minus the signal's number."""

        def ended() -> tuple[int] | None:
            pid, status = os.waitpid(executor.pid, os.WNOHANG)
            return (os.waitstatus_to_exitcode(status),) if pid else None

        found = until(ended, within_s=within_s, what=f"the end of executor {executor.pid}")
        del self._living[executor.pid]
        return found[0]  # type: ignore[index]

    def text(self, record: RunRecord) -> str:
        """Return what the run's last attempt wrote."""
        return "".join(text for _, text in self.streams(record))

    def streams(self, record: RunRecord) -> list[tuple[int, str]]:
        """Return what the run's last attempt wrote, as (stream, text), in order."""
        output = record.attempts[-1].output
        if output is None:
            return []
        name, offset, length, index_length, _ = output
        path = self.output / name
        blob = path.read_bytes()
        data = blob[offset : offset + length]
        if name.endswith(".out"):
            index = path.with_suffix(".idx").read_bytes()
        else:
            index = blob[offset + length : offset + length + index_length]
        found, start = [], 0
        for entry in iter_entries(index):
            found.append((entry.stream, data[start : entry.end].decode()))
            start = entry.end
        return [*found, (0, data[start:].decode())] if start < len(data) else found

    def scratch_text(self) -> str:
        """Return what running runs have written so far."""
        return "".join(path.read_text() for path in self.output.glob("*.scratch"))

    def result(self, record: RunRecord) -> Any:
        """Return the run's result."""
        assert record.end is not None
        return None if record.end.result is None else unpack(record.end.result)

    def close(self) -> None:
        """End everything."""
        for executor in self._living.values():
            os.kill(executor.pid, signal.SIGKILL)
            os.waitpid(executor.pid, 0)
        self.link.close()
        try:
            self.redis.stop()
        finally:
            self.board.close()
            shutil.rmtree(self.home)
