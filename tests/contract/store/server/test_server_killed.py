"""Killing Redis under load loses nothing that it acknowledged."""

import threading

from rtd.common.errors import StoreGone
from rtd.common.ids import new_ids
from rtd.store.commands import keys
from rtd.store.commands.arguments import Submission
from rtd.store.connection.blocking import RedisConnection
from rtd.store.embedded.server import EmbeddedRedis
from tests.contract.store.census import check
from tests.contract.store.connection.test_blocking_connection import kill
from tests.contract.store.harness import NODE, Store
from tests.helpers.deadline import until

ROUNDS = 4
#: Keeps the records of all.
EVERY = 1_000_000


class Load:
    """Submits and carries out runs until Redis is gone; remembers what was acknowledged."""

    def __init__(self, store: Store, number: int) -> None:
        self.store = store
        self.name = f"E{number}"
        self.submitted: set[str] = set()
        self.finished: set[str] = set()
        self.rounds = 0

    def run(self) -> None:
        try:
            with RedisConnection.connect(self.store.link.url) as link:
                while True:
                    self._turn(link)
                    self.rounds += 1
        except StoreGone:
            return

    def _turn(self, link: RedisConnection) -> None:
        store, calls = self.store, self.store.calls
        place = keys.place("process", "default", 0)
        runs = [Submission(i, b"q" + i.encode() * 5, i) for i in new_ids(20)]
        # Known before it is sent: another may take it before this one has the reply.
        store.spots.update({run.id: (place, run.id, "job") for run in runs})
        link.execute(calls.submit(NODE, place, "job", store.now_ms, runs))
        self.submitted.update(run.id for run in runs)
        took = link.execute(calls.take(NODE, self.name, "process", 10, store.now_ms, enroll=True))
        done = [store.outcome(run.id) for run in took.runs]
        assert link.execute(calls.finish(NODE, self.name, store.now_ms, b"e", EVERY, done)) == []
        self.finished.update(run.id for run in took.runs)


def test_a_killed_server_comes_back_with_all_it_acknowledged(redis: EmbeddedRedis) -> None:
    with RedisConnection.connect(redis.url) as link:
        store = Store(link)
    loads = [Load(store, number) for number in range(3)]
    for _ in range(ROUNDS):
        target = [load.rounds + 15 for load in loads]
        threads = [threading.Thread(target=load.run) for load in loads]
        for thread in threads:
            thread.start()
        until(
            lambda least=target: all(
                load.rounds >= rounds for load, rounds in zip(loads, least, strict=True)
            ),
            within_s=30,
            what="the rounds of all loads",
        )
        kill(redis)
        for thread in threads:
            thread.join()
        redis.start()
        store.link.reconnect()
        check(store)
    # What an executor holds after a lost reply it finds by asking, and finishes.
    for load in loads:
        mine = store.mine(load.name)
        assert store.finish(load.name, *mine, history=EVERY) == []
    submitted = set().union(*[load.submitted for load in loads])
    finished = set().union(*[load.finished for load in loads])
    assert {store.state(run) for run in finished} == {"s"}
    assert {store.state(run) for run in submitted} <= {"q", "s"}
    store.link.close()
