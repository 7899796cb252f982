"""Who is woken, when, and how nothing is lost if it is not heard."""

import pytest

from rtd.common.ids import new_id
from rtd.model.run_record import RunSpec, new_record
from rtd.store.commands import keys
from rtd.store.commands.arguments import StoredRun, Submission, parse_token
from rtd.store.connection.blocking import RedisConnection
from tests.contract.store.harness import NODE, Store


def test_a_run_goes_straight_to_an_idle_executor(store: Store) -> None:
    assert store.ask().what == "idle"
    run = store.submit_one()
    assert store.waiting() == []
    assert store.bell("E1") == [StoredRun(run, f"q:{run}".encode())]
    assert store.finish("E1", run) == []


def test_a_batch_gives_each_idle_executor_one_and_queues_the_rest(store: Store) -> None:
    store.take("E1")
    store.take("E2")
    ids = store.submit(5)
    handed = {store.bell(e)[0].id for e in ("E1", "E2")}  # type: ignore[union-attr]
    assert handed == set(ids[:2])
    assert store.waiting() == ids[2:]


def test_a_hand_off_that_was_not_read_comes_with_the_next_take(store: Store) -> None:
    store.take("E1")
    run = store.submit_one()
    more = store.submit(3)
    assert store.take("E1", 2) == [run, more[0]]
    assert store.mine("E1") == [run, more[0]]


def test_a_hand_off_whose_token_is_lost_is_found_by_asking(store: Store) -> None:
    store.take("E1")
    run = store.submit_one()
    store.bell("E1")  # the reply died with the connection
    assert store.mine("E1") == [run]


def test_a_hand_off_that_is_found_by_asking_does_not_come_once_more(store: Store) -> None:
    """It would run twice: the executor was connecting again when it was handed the run."""
    store.take("E1")
    run = store.submit_one()
    found = store.link.execute(store.calls.mine(NODE, "E1"))
    assert found == [StoredRun(run, f"q:{run}".encode())]
    assert store.take("E1") == []
    assert store.bell("E1") == []
    assert store.mine("E1") == [run]


def test_an_executor_that_has_found_runs_is_not_handed_more(store: Store) -> None:
    """It is busy with them, perhaps for long."""
    store.take("E1")
    found = store.submit_one()
    assert [run.id for run in store.link.execute(store.calls.mine(NODE, "E1"))] == [found]
    store.take("E2")
    waiting = store.submit_one()
    assert store.bell("E1") == []
    assert store.bell("E2") == [StoredRun(waiting, f"q:{waiting}".encode())]


def test_what_an_executor_was_woken_for_wakes_another_when_it_has_found_runs(store: Store) -> None:
    store.submit(2)
    assert [len(store.take(name, 1)) for name in ("E1", "E2")] == [1, 1]
    run, woken, idle = two_idle_one_woken(store)
    store.link.execute(store.calls.mine(NODE, woken))
    assert store.bell(idle) == [None]
    assert store.take(idle) == [run]


def test_an_executor_that_takes_is_not_idle_any_more(store: Store) -> None:
    store.take("E1")
    store.submit(2)
    store.take("E1", 1)
    run = store.submit_one()
    assert store.bell("E1") == []
    assert store.waiting()[-1] == run


def two_idle_one_woken(store: Store) -> tuple[str, str, str]:
    """(the run that waits, the executor woken for it, the one that is still idle)."""
    store.ask("E1")
    store.ask("E2")
    run = store.submit_one(mc=5)
    woken, idle = ("E1", "E2") if store.redis("EXISTS", "@bell:E1") else ("E2", "E1")
    return run, woken, idle


def test_no_run_jumps_the_queue_by_a_hand_off(store: Store) -> None:
    first, woken, idle = two_idle_one_woken(store)
    second = store.submit_one()
    assert store.waiting() == [first, second]
    assert store.bell(idle) == [None]
    assert store.take(woken) == [first, second]


def test_an_idle_executor_that_takes_unasked_is_not_idle_any_more(store: Store) -> None:
    first, _, idle = two_idle_one_woken(store)
    assert store.take(idle) == [first]
    second = store.submit_one()
    assert store.bell(idle) == []
    assert store.waiting() == [second]


def test_a_limited_run_is_not_handed_off_but_wakes(store: Store) -> None:
    store.take("E1")
    run = store.submit_one(mc=1)
    assert store.bell("E1") == [None]
    assert store.take("E1") == [run]


def test_a_wake_up_left_on_the_bell_does_no_harm(store: Store) -> None:
    store.ask("E1")
    store.redis("RPUSH", "@bell:E1", b"", b"", b"")
    assert store.ask("E1").what == "idle"
    run = store.submit_one()
    assert store.take("E1") == [run]


def test_a_retired_executor_still_gets_what_was_handed_to_it(store: Store) -> None:
    store.ask("E1")
    run = store.submit_one()
    store.link.execute(store.calls.retire("E1"))
    assert store.take("E1") == [run]
    store.finish("E1", run)
    assert store.ask("E1").what == "retire"


def test_to_retire_an_idle_executor_wakes_it_and_no_run_is_handed_to_it(store: Store) -> None:
    store.ask("E1")
    store.link.execute(store.calls.retire("E1"))
    assert store.bell("E1") == [None]
    run = store.submit_one()
    assert store.waiting() == [run]


def test_the_supervisor_is_rung_for_a_lane_once(store: Store) -> None:
    store.submit(1)
    store.submit(5)
    store.submit(1, lane="thread")
    assert store.rings() == ["demand|process", "demand|thread"]
    assert store.link.execute(store.calls.list_demanding("thread")) == [NODE]


def test_it_is_rung_when_there_are_fewer_idle_executors_than_runs(store: Store) -> None:
    store.take("E1")
    store.submit(1)
    assert store.rings() == []
    store.bell("E1")
    store.take("E1")
    store.submit(2)
    assert store.rings() == ["demand|process"]


def test_it_is_rung_again_after_an_executor_was_idle(store: Store) -> None:
    (run,) = store.submit(1)
    store.take("E1")
    store.finish("E1", run)
    store.ask("E1")
    store.rings()
    store.submit(3)
    assert store.rings() == ["demand|process"]


def test_it_is_rung_again_when_an_executor_comes_and_more_waits(store: Store) -> None:
    store.submit(3)
    store.rings()
    store.take("E1", 1)
    assert store.rings() == ["demand|process"]
    store.take("E2", 10)
    assert store.rings() == []


def test_a_full_node_passes_its_demand_to_the_others(store: Store) -> None:
    store.submit(1)
    store.link.execute(store.calls.claim("other", b"", b"theirs", 60_000))
    assert store.link.execute(store.calls.pass_demand(NODE, "process")) == 1
    assert store.rings("other") == ["passed|process"]
    assert store.link.execute(store.calls.pass_demand(NODE, "thread")) == 0
    assert store.rings("other") == []


def test_demand_can_be_forgotten_by_hand(store: Store) -> None:
    store.submit(1)
    store.rings()
    assert store.link.execute(store.calls.clear_demand(NODE, "process")) == 1
    store.submit(1)
    assert store.rings() == ["demand|process"]


def test_one_that_waits_elsewhere_hears_that_a_token_is_on_its_way(store: Store) -> None:
    """It gave up waiting and asks, while a hand-off reaches its other connection."""
    store.ask("E1")
    with RedisConnection.connect(store.link.url) as bell:
        bell.blpop_start(store.calls.bell_key("E1"))
        assert not bell.blpop_poll(0).answered
        handed, queued = store.submit(2)
        took = store.ask("E1", 1)
        assert (took.token_pending, [run.id for run in took.runs]) == (True, [queued])
        token = bell.blpop_poll(5).token
    assert token is not None
    assert parse_token(token) == StoredRun(handed, f"q:{handed}".encode())
    assert store.mine("E1") == [handed, queued]


def test_no_token_is_announced_when_none_was_sent(store: Store) -> None:
    store.ask("E1")
    run = store.submit_one(due_ms=store.now_ms + 1)
    store.pass_ms(1)
    took = store.ask("E1")
    assert (took.token_pending, [run.id for run in took.runs]) == (False, [run])


def test_no_token_is_announced_when_it_is_in_the_answer(store: Store) -> None:
    store.ask("E1")
    run = store.submit_one()
    took = store.ask("E1")
    assert (took.token_pending, [run.id for run in took.runs]) == (False, [run])


def test_a_parameter_that_is_set_rings_every_node_once(store: Store) -> None:
    for node in ("node1", "node2"):
        store.link.execute(store.calls.claim(node, b"", b"here", 60_000))

    def rings() -> list[list[bytes]]:
        keys = [f"@bell:node:{node}" for node in ("node0", "node1", "node2")]
        found = [store.redis("LRANGE", key, 0, -1) for key in keys]
        store.redis("DEL", *keys)
        return [[ring for ring in one if ring == b"params"] for one in found]

    assert store.link.execute(store.calls.set_param("node0", "|x", b"\x01")) is True
    assert rings() == [[b"params"]] * 3
    assert store.link.execute(store.calls.unset_param("node1", "|x")) is True
    assert rings() == [[], [b"params"], [b"params"]]
    assert store.link.execute(store.calls.unset_param("node1", "|x")) is False
    assert rings() == [[], [], []]


@pytest.mark.parametrize("length", [3, 31, 32, 200, 255, 256, 300])
def test_the_begin_of_a_run_rings_where_it_is_watched(store: Store, length: int) -> None:
    task = "t" * length
    spec = RunSpec("", task, b"\xc1" * 70_000, "process", "default", 0, 1.0, {}, "me", None)
    store.watch(task, "asked")

    def submit() -> str:
        run = new_id()
        record = new_record(spec._replace(id=run))
        place = keys.place("process", "default", 0)
        runs = [Submission(run, record, keys.item(run))]
        store.link.execute(store.calls.submit("node1", place, task, store.now_ms, runs))
        store.spots[run] = (place, runs[0].item, task)
        return run

    def told() -> list[str]:
        return [ring for ring in store.rings() if ring.startswith("task|")]

    taken = submit()
    assert told() == []
    store.take()
    assert told() == [f"task|{task}|b|{taken}|0"]
    store.finish("E1", taken)
    assert store.ask().what == "idle"
    handed = submit()
    assert told() == [f"task|{task}|b|{handed}|0"]
    store.unwatch(task, "asked")
    store.take()
    submit()
    store.take("E2")
    assert told() == []
