"""A store as tests talk to it: few words, a clock of its own, decoded answers."""

import itertools
from typing import Any

from rtd.common.ids import new_id, new_ids
from rtd.store.commands import keys
from rtd.store.commands.arguments import (
    Cancellation,
    LeaseOutcome,
    StoredRun,
    Submission,
    TakeReply,
    parse_token,
)
from rtd.store.commands.commands import StoreCommands
from rtd.store.commands.node_tasks import TaskSetKind
from rtd.store.connection.blocking import RedisConnection
from rtd.store.connection.command import RedisCommand

NODE = "node1"
HISTORY = 1000


class Store:
    """One namespace, one link, and a clock that only the test moves.

    Args:
        link: connected; closed by its opener.
    """

    def __init__(self, link: RedisConnection) -> None:
        self.link = link
        self.calls = StoreCommands("test")
        self.now_ms = 1_800_000_000_000
        self._numbers = itertools.count()
        #: Where each run was submitted: (place, item, task).
        self.spots: dict[str, tuple[str, str, str]] = {}

    def clear(self) -> None:
        self.link.execute(RedisCommand(("FLUSHALL",)))

    def redis(self, *args: Any) -> Any:
        """A plain Redis command; keys are written without their prefix as `@name`."""
        words = [
            self.calls.prefix + a[1:] if isinstance(a, str) and a.startswith("@") else a
            for a in args
        ]
        return self.link.execute(RedisCommand(tuple(words)))

    def submit(
        self,
        count: int = 1,
        *,
        ids: list[str] | None = None,
        task: str = "job",
        lane: str = "process",
        queue: str = "default",
        priority: int = 0,
        mc: int | None = None,
        due_ms: int = 0,
        expires_ms: int = 0,
    ) -> list[str]:
        """Submits runs of one task, in one call. Gives their ids."""
        ids = new_ids(count) if ids is None else ids
        place = keys.place(lane, queue, priority)
        runs = [
            Submission(i, f"q:{i}".encode(), keys.item(i, mc, task), due_ms, expires_ms)
            for i in ids
        ]
        self.flags: list[int] = self.link.execute(
            self.calls.submit(NODE, place, task, self.now_ms, runs)
        )
        for run, flag in zip(runs, self.flags, strict=True):
            if flag:
                self.spots[run.id] = (place, run.item, task)
        return ids

    def submit_one(self, **kw: Any) -> str:
        return self.submit(1, **kw)[0]

    def ask(self, exec_id: str = "E1", n: int = 10, lane: str = "process", **kw: Any) -> TakeReply:
        """The whole answer to a take; the executor enrolls with its first."""
        kw.setdefault("enroll", True)
        took: TakeReply = self.link.execute(
            self.calls.take(NODE, exec_id, lane, n, self.now_ms, **kw)
        )
        return took

    def take(self, exec_id: str = "E1", n: int = 10, lane: str = "process") -> list[str]:
        """The ids that an executor gets."""
        return [run.id for run in self.ask(exec_id, n, lane).runs]

    def outcome(
        self, run_id: str, kind: str = "d", state: str = "s", due_ms: int = 0
    ) -> LeaseOutcome:
        char = state if kind == "d" else "q"
        record = f"{char}:{run_id}:{next(self._numbers)}".encode()
        task = self.spots[run_id][2]
        return LeaseOutcome(run_id, task, kind, record, due_ms)  # type: ignore[arg-type]

    def finish(
        self,
        exec_id: str,
        *outcomes: LeaseOutcome | str,
        events: bytes = b"",
        history: int = HISTORY,
        script: str = "finish",
    ) -> list[str]:
        """Writes outcomes (an id alone has succeeded). Gives the refused ids."""
        full = [self.outcome(o) if isinstance(o, str) else o for o in outcomes]
        make = getattr(self.calls, script)
        refused: list[str] = self.link.execute(
            make(NODE, exec_id, self.now_ms, events, history, full)
        )
        return refused

    def settle(self, exec_id: str, *outcomes: LeaseOutcome | str) -> list[str]:
        return self.finish(exec_id, *outcomes, script="settle")

    def fence(self, exec_id: str) -> list[str]:
        return [orphan.id for orphan in self.link.execute(self.calls.fence(NODE, exec_id))]

    def giveback(self, exec_id: str, *ids: str) -> list[str]:
        refused: list[str] = self.link.execute(self.calls.giveback(NODE, exec_id, ids))
        return refused

    def mine(self, exec_id: str) -> list[str]:
        """The runs leased to an executor; unlike the command, nothing is taken from its bell."""
        return [run.decode() for run in self.redis("HKEYS", f"@lease:{exec_id}")]

    def cancel(self, run_id: str, old: bytes | None = None) -> str:
        place, item, task = self.spots[run_id]
        old = old or self.record(run_id) or b""
        run = Cancellation(run_id, place, item, task, old, f"c:{run_id}".encode())
        answer: str = self.link.execute(self.calls.cancel(NODE, self.now_ms, b"", HISTORY, run))
        return answer

    def record(self, run_id: str) -> bytes | None:
        blob: bytes | None = self.link.execute(self.calls.get_record(run_id))
        return blob

    def state(self, run_id: str) -> str | None:
        """The state's character, None when there is no record."""
        record = self.record(run_id)
        return None if record is None else chr(record[0])

    def waiting(self, where: str = "queue", queue: str = "") -> list[str]:
        """The ids of runs that wait, in their order."""
        rows = self.link.execute(self.calls.list_queued(100_000, queue))
        return [row.id for row in rows if row.where == where]

    def rings(self, node: str = NODE) -> list[str]:
        """Return what the bell of a node's supervisor has rung since the last call."""
        tokens = self.redis("LPOP", "@bell:node:" + node, 20_000) or []
        return [token.decode() for token in tokens]

    def bell(self, exec_id: str) -> list[StoredRun | None]:
        """Return what an executor's bell has rung since the last call."""
        tokens = self.redis("LPOP", "@bell:" + exec_id, 1000) or []
        return [parse_token(token) for token in tokens]

    def watch(self, task: str, kind: TaskSetKind = "watched", node: str = NODE) -> None:
        """Let the runs of a task concern a node."""
        self.link.execute(self.calls.add_tasks(kind, node, [task]))
        self.link.execute(self.calls.merge_tasks(kind, node, self.now_ms))

    def unwatch(self, task: str, kind: TaskSetKind = "watched", node: str = NODE) -> None:
        """Undo `watch`."""
        self.link.execute(self.calls.remove_tasks(kind, node, [task]))
        self.link.execute(self.calls.merge_tasks(kind, node, self.now_ms))

    def pass_ms(self, ms: int) -> int:
        self.now_ms += ms
        return self.now_ms


def keyed_id() -> str:
    """An id like one made from a user's own key: it may come again."""
    return "7" + new_id()[1:]
