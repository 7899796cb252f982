"""Any mixture of calls leaves the books balanced: random walks, checked after every step."""

import random

import pytest

from tests.contract.store.census import check
from tests.contract.store.harness import NODE, Store, keyed_id

EXECS = ("E1", "E2", "E3", "E4")


class Walk:
    """Random callers of one store.

    Args:
        store: empty.
        seed: what makes a walk repeatable.
    """

    def __init__(self, store: Store, seed: int) -> None:
        self.store = store
        self.random = random.Random(seed)
        self.number = 0
        self.names = {exec_id: exec_id for exec_id in EXECS}
        self.dead: list[str] = []
        self.over: dict[str, str] = {}
        self.keys = [keyed_id() for _ in range(5)]

    def step(self) -> str:
        """One call, whichever. Gives its name."""
        names = [name for name in dir(self) if name.startswith("do_")]
        weights = [6 if name in ("do_submit", "do_take", "do_finish") else 1 for name in names]
        (name,) = self.random.choices(names, weights)
        getattr(self, name)()
        return name

    def one_exec(self) -> str:
        return self.names[self.random.choice(EXECS)]

    def some(self, ids: list[str]) -> list[str]:
        return self.random.sample(ids, self.random.randint(0, len(ids)))

    def remember(self, *ids: str) -> None:
        for run in ids:
            state = self.store.state(run) or "gone"
            if state != "q":
                assert self.over.setdefault(run, state) in (state, "gone") or run in self.keys
            else:
                assert run not in self.over or run in self.keys, "a terminal state never changes"

    def do_submit(self) -> None:
        task = self.random.choice(["plain", "one", "two"])
        now = self.store.now_ms
        ids = [self.random.choice(self.keys)] if self.random.random() < 0.1 else None
        self.store.submit(
            self.random.randint(1, 6),
            ids=ids,
            task=task,
            mc={"plain": None, "one": 1, "two": 2}[task],
            lane=self.random.choice(["process", "thread"]),
            queue=self.random.choice(["a", "b"]),
            priority=self.random.choice([-1, 0, 1]),
            due_ms=self.random.choice([0, 0, 0, now + 30, now + 300]),
            expires_ms=self.random.choice([0, 0, now + 100]),
        )

    def do_take(self) -> None:
        exec_id = self.one_exec()
        lane = "thread" if exec_id.startswith("E4") else "process"
        took = self.store.ask(exec_id, self.random.randint(1, 8), lane)
        if took.what == "retire":
            self.do_die(exec_id)

    def do_finish(self) -> None:
        exec_id = self.one_exec()
        ids = self.some(self.store.mine(exec_id))
        due = self.store.now_ms + 50
        outcomes = [
            self.store.outcome(
                run,
                self.random.choice("ddda"),
                self.random.choice("sext"),
                self.random.choice([0, due]),
            )
            for run in ids
        ]
        if outcomes:
            assert self.store.finish(exec_id, *outcomes, history=20) == []
            assert self.store.finish(exec_id, *outcomes) == ids, "a second time is refused"
            self.remember(*ids)

    def do_giveback(self) -> None:
        exec_id = self.one_exec()
        assert self.store.giveback(exec_id, *self.some(self.store.mine(exec_id))) == []

    def do_connect_again(self) -> None:
        exec_id = self.one_exec()
        leased = self.store.mine(exec_id)
        found = self.store.link.execute(self.store.calls.mine(NODE, exec_id))
        assert [run.id for run in found] == leased
        assert not set(leased) & {run.id for run in self.store.bell(exec_id) if run}

    def do_die(self, exec_id: str | None = None) -> None:
        exec_id = exec_id or self.one_exec()
        self.store.fence(exec_id)
        self.dead.append(exec_id)
        self.number += 1
        slot = exec_id[:2]
        self.names[slot] = f"{slot}.{self.number}"

    def do_settle(self) -> None:
        if not self.dead:
            return
        exec_id = self.random.choice(self.dead)
        ids = self.some(self.store.fence(exec_id))
        outcomes = [self.store.outcome(run, self.random.choice("dah"), "l") for run in ids]
        if outcomes:
            assert self.store.settle(exec_id, *outcomes) == []
            assert self.store.finish(exec_id, *outcomes) == ids
            self.remember(*ids)

    def do_cancel(self) -> None:
        rows = self.store.link.execute(self.store.calls.list_queued(1000))
        for row in self.random.sample(rows, min(2, len(rows))):
            assert self.store.cancel(row.id, row.record) == "ok"
            self.remember(row.id)

    def do_cancel_a_leased_one(self) -> None:
        ids = self.store.mine(self.one_exec())
        assert {self.store.cancel(run) for run in ids} <= {"leased"}

    def do_pause(self) -> None:
        queue = self.random.choice("ab")
        call = self.random.choice([self.store.calls.pause, self.store.calls.resume])
        self.store.link.execute(call(NODE, queue))

    def do_rank(self) -> None:
        priority = self.random.randint(-2, 2)
        self.store.link.execute(self.store.calls.set_queue_priority("a", priority))

    def do_time(self) -> None:
        self.store.pass_ms(self.random.choice([1, 20, 200]))
        self.store.link.execute(self.store.calls.promote(NODE, self.store.now_ms))

    def do_expire(self) -> None:
        _, found = self.store.link.execute(self.store.calls.list_expired(self.store.now_ms))
        for run in found:
            assert self.store.cancel(run.id, run.record) in ("ok", "leased")

    def do_retire(self) -> None:
        if self.random.random() < 0.3:
            self.store.link.execute(self.store.calls.retire(self.one_exec()))

    def drain(self) -> None:
        """Everybody works until nothing is left."""
        store = self.store
        for queue in "ab":
            store.link.execute(store.calls.resume(NODE, queue))
        for exec_id in [*self.dead, *self.names.values()]:
            while orphans := store.fence(exec_id):
                store.settle(exec_id, *[store.outcome(run, "h") for run in orphans])
        store.pass_ms(1000)
        left = True
        while left:
            left = False
            for lane in ("process", "thread"):
                took = store.ask(f"last {lane}", 50, lane)
                left = left or took.what == "runs"
                assert store.finish(f"last {lane}", *[run.id for run in took.runs]) == []


@pytest.mark.parametrize("seed", range(6))
def test_a_random_walk_keeps_the_books_and_loses_nothing(store: Store, seed: int) -> None:
    walk = Walk(store, seed)
    steps = []
    for _ in range(120):
        steps.append(walk.step())
        try:
            check(store)
        except AssertionError as error:
            error.add_note(f"after {steps}")
            raise
    walk.drain()
    assert store.link.execute(store.calls.list_queued(10)) == []
    assert store.link.execute(store.calls.list_running()) == []
    assert "q" not in {store.state(run) for run in store.spots}
