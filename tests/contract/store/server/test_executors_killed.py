"""Executors that are killed at random moments while they drain a queue: each run ends once."""

import os
import random
import signal
import time
from collections import Counter

import pytest

from rtd.common.errors import StoreGone
from rtd.store.commands.arguments import LeaseOutcome, TakeReply
from rtd.store.connection.blocking import RedisConnection
from rtd.store.embedded.server import EmbeddedRedis
from tests.contract.store.census import check
from tests.contract.store.harness import NODE, Store

RUNS = 20_000
EXECUTORS = 3
EVERY = 1_000_000


def work(store: Store, url: str, exec_id: str, seed: int) -> None:
    """One executor's life: take, finish, take, in batches of changing size, to the end."""
    chance = random.Random(seed)
    calls = store.calls
    with RedisConnection.connect(url) as link:
        took: TakeReply = link.execute(
            calls.take(NODE, exec_id, "process", 8, store.now_ms, enroll=True)
        )
        while took.what == "runs":
            done = [outcome(run.id, exec_id, chance) for run in took.runs]
            size = chance.choice([1, 4, 16, 64])
            refused, took = link.execute_all(
                calls.finish(NODE, exec_id, store.now_ms, b"e", EVERY, done),
                calls.take(NODE, exec_id, "process", size, store.now_ms),
            )
            assert not refused


def outcome(run_id: str, exec_id: str, chance: random.Random) -> LeaseOutcome:
    """Mostly done, sometimes to be tried again."""
    if chance.random() < 0.05:
        return LeaseOutcome(run_id, "job", "a", f"q:{exec_id}".encode())
    return LeaseOutcome(run_id, "job", "d", f"s:{exec_id}".encode())


class Crew:
    """The executors of the test, and the supervisor that buries and replaces them."""

    def __init__(self, store: Store, url: str) -> None:
        self.store = store
        self.url = url
        self.number = 0
        self.living: dict[int, str] = {}
        self.killed = 0

    def hire(self) -> None:
        self.number += 1
        exec_id = f"E{self.number}"
        pid = os.fork()
        if pid == 0:
            code = 1
            try:
                work(self.store, self.url, exec_id, self.number)
                code = 0
            except StoreGone:
                code = 2
            finally:
                os._exit(code)
        self.living[pid] = exec_id

    def kill_one(self, chance: random.Random) -> None:
        """Kills one and settles at once: its last commands may still be in its socket."""
        pid = chance.choice(list(self.living))
        os.kill(pid, signal.SIGKILL)
        exec_id = self.living.pop(pid)
        orphans = self.store.fence(exec_id)
        os.waitpid(pid, 0)
        self.killed += 1
        while orphans:
            # Some go back, some are settled as lost, one at a time or all together.
            part, orphans = orphans[:50], orphans[50:]
            kinds = {run: chance.choice("hhhd") for run in part}
            done = [
                LeaseOutcome(run, "job", "d", b"l")
                if kind == "d"
                else LeaseOutcome(run, "job", "h", b"q")
                for run, kind in kinds.items()
            ]
            assert self.store.finish(exec_id, *done, history=EVERY, script="settle") == []

    def join(self) -> list[int]:
        """The exit codes of those that found nothing more to do."""
        return [os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in self.living]


@pytest.mark.slow
def test_each_run_ends_once_however_many_executors_are_killed(redis: EmbeddedRedis) -> None:
    chance = random.Random(4711)
    with RedisConnection.connect(redis.url) as link:
        store = Store(link)
        ids = [run for _ in range(RUNS // 1000) for run in store.submit(1000)]
        crew = Crew(store, redis.url)
        for _ in range(EXECUTORS):
            crew.hire()
        while store.link.execute(store.calls.lane_load("process", NODE)).queued > 500:
            time.sleep(chance.uniform(0.002, 0.012))  # the moment of a kill is the point
            crew.kill_one(chance)
            crew.hire()
        assert crew.join() == [0] * EXECUTORS
        check(store)
        # The executor that was killed last had its runs given back: the last ones to come do them.
        crew.living.clear()
        crew.hire()
        assert crew.join() == [0]
        check(store)
        states = Counter(store.state(run) for run in ids)
        assert set(states) <= {"s", "l"}
        assert sum(states.values()) == RUNS
        assert store.link.execute(store.calls.tally()) == dict(states)
        assert store.redis("LLEN", "@done:job") == RUNS
        assert crew.killed >= 3
