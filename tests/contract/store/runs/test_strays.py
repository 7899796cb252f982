"""A run whose task the app of its executor does not have waits for a node that has it."""

import pytest

from tests.contract.store.harness import NODE, Store

OTHER = "other"


@pytest.fixture
def nodes(store: Store) -> Store:
    """The node `other` has the task `job`, NODE has not; each has an executor."""
    for node in (NODE, OTHER):
        store.link.execute(store.calls.claim(node, b"", b"mine", 60_000))
    store.watch("job", "having", node=OTHER)
    return store


def take_on(store: Store, node: str, exec_id: str, n: int = 10) -> list[str]:
    call = store.calls.take(node, exec_id, "process", n, store.now_ms, enroll=True)
    return [run.id for run in store.link.execute(call).runs]


def decline(store: Store, *runs: str, exec_id: str = "E1", task: str = "job") -> list[str]:
    call = store.calls.decline(NODE, exec_id, dict.fromkeys(runs, task))
    left: list[str] = store.link.execute(call)
    return left


def call_again(store: Store) -> int:
    count: int = store.link.execute(store.calls.call_for_strays(NODE))
    return count


def test_a_declined_run_goes_to_an_idle_executor_of_the_other_node(nodes: Store) -> None:
    first, second = nodes.submit(2)
    assert take_on(nodes, NODE, "E1") == [first, second]
    assert take_on(nodes, OTHER, "E2") == []
    assert decline(nodes, first, second) == []
    assert nodes.bell("E2") == [None]  # woken
    assert take_on(nodes, NODE, "E1") == []
    assert nodes.waiting() == [first, second]
    assert take_on(nodes, OTHER, "E2") == [first, second]
    assert nodes.finish("E2", first, second) == []
    assert nodes.redis("SMEMBERS", "@strays") == []
    assert nodes.redis("HGET", "@execs", "E2") == b"aprocess|other"


def test_a_declined_run_that_is_given_back_waits_where_it_did_before(nodes: Store) -> None:
    run = nodes.submit_one()
    take_on(nodes, NODE, "E1")
    decline(nodes, run)
    later = nodes.submit_one(task="report")
    assert take_on(nodes, OTHER, "E2", 1) == [run]  # it enrolled after the decline
    nodes.giveback("E2", run)
    assert take_on(nodes, NODE, "E1", 2) == [run, later]


def test_a_run_of_a_task_that_no_other_node_has_stays_leased(nodes: Store) -> None:
    run = nodes.submit_one(task="gone")
    take_on(nodes, NODE, "E1")
    assert decline(nodes, run, task="gone") == [run]
    assert nodes.mine("E1") == [run]
    nodes.watch("gone", "having")  # this node itself: its executors know better
    assert decline(nodes, run, task="gone") == [run]


def test_a_declined_run_waits_for_a_node_that_restarts_and_no_longer(nodes: Store) -> None:
    run = nodes.submit_one()
    take_on(nodes, NODE, "E1")
    nodes.link.execute(nodes.calls.claim(OTHER, b"mine", b"", 60_000))
    assert decline(nodes, run) == []
    assert call_again(nodes) == 1
    assert take_on(nodes, NODE, "E1") == []
    nodes.redis("DEL", "@lately:other")  # its minute is over
    assert call_again(nodes) == 1
    assert take_on(nodes, NODE, "E1") == [run]
    assert decline(nodes, run) == [run]
    assert call_again(nodes) == 0


def test_executors_are_called_again_for_runs_that_still_wait(nodes: Store) -> None:
    run = nodes.submit_one()
    take_on(nodes, NODE, "E1")
    assert take_on(nodes, OTHER, "E2") == []
    decline(nodes, run)
    nodes.fence("E2")  # it died when it was woken
    assert take_on(nodes, OTHER, "E3") == [run]
    decline(nodes, run)
    assert nodes.giveback("E3", run) == []
    assert take_on(nodes, NODE, "E1") == [run]
    nodes.rings(OTHER)
    decline(nodes, run)
    assert "demand|process" in nodes.rings(OTHER)  # none of its executors is idle
    load = nodes.calls.lane_load
    assert nodes.link.execute(load("process", OTHER)).queued == 1
    assert nodes.link.execute(load("process", NODE)).queued == 0


def test_idle_executors_of_other_nodes_do_not_stand_in_the_way_of_a_new_one(nodes: Store) -> None:
    run = nodes.submit_one()
    assert take_on(nodes, NODE, "E1") == [run]
    decline(nodes, run)
    assert take_on(nodes, NODE, "E1") == []  # idle now, and it would decline the run again
    load = nodes.link.execute(nodes.calls.lane_load("process", OTHER))
    assert (load.queued, load.idle) == (1, 0)
    assert nodes.link.execute(nodes.calls.lane_load("process", NODE)).idle == 1


def test_a_run_is_not_declined_for_ever(nodes: Store) -> None:
    run = nodes.submit_one()
    for _ in range(20):
        assert take_on(nodes, NODE, "E1") == [run]
        assert decline(nodes, run) == []
        assert take_on(nodes, OTHER, "E2") == [run]
        nodes.giveback("E2", run)
    take_on(nodes, NODE, "E1")
    assert decline(nodes, run) == [run]


def test_the_limit_and_the_pause_of_a_declined_run_hold(nodes: Store) -> None:
    first, second = nodes.submit(2, mc=1)
    assert take_on(nodes, NODE, "E1") == [first]
    assert decline(nodes, first) == []
    assert take_on(nodes, NODE, "E1") == [second]  # the first one's room was free
    assert decline(nodes, second) == []
    assert take_on(nodes, OTHER, "E2") == [first]
    nodes.finish("E2", first)
    (third,) = nodes.submit(1, mc=1)
    taken = [*take_on(nodes, OTHER, "E2"), *take_on(nodes, NODE, "E1")]
    assert taken == [second]
    nodes.finish("E2", second)
    assert take_on(nodes, NODE, "E1") == [third]
    nodes.link.execute(nodes.calls.pause(NODE, "default"))
    assert decline(nodes, third) == []
    assert take_on(nodes, OTHER, "E2") == []
    nodes.link.execute(nodes.calls.resume(NODE, "default"))
    assert take_on(nodes, OTHER, "E2") == [third]


def test_a_stray_can_be_paused_and_cancelled(nodes: Store) -> None:
    first, second = nodes.submit(2)
    take_on(nodes, NODE, "E1")
    decline(nodes, first, second)
    nodes.link.execute(nodes.calls.pause(NODE, "default"))
    assert take_on(nodes, OTHER, "E2") == []
    nodes.link.execute(nodes.calls.resume(NODE, "default"))
    call_again(nodes)
    assert take_on(nodes, OTHER, "E2", 1) == [first]
    nodes.spots[second] = ("process:job|default|0", second, "job")
    assert nodes.cancel(second) == "ok"
    assert take_on(nodes, OTHER, "E2") == []


def test_runs_of_a_task_that_a_client_declares_wait_for_a_node_that_will_have_it(
    nodes: Store,
) -> None:
    nodes.link.execute_all(*nodes.calls.declare_task("new"))
    kept, withdrawn = nodes.submit(2, task="new")
    take_on(nodes, NODE, "E1")
    assert decline(nodes, kept, withdrawn, task="new") == []
    assert call_again(nodes) == 1
    assert take_on(nodes, NODE, "E1") == []
    assert nodes.cancel(withdrawn) == "ok"
    assert nodes.waiting() == [kept]
    nodes.watch("new", "having", node=OTHER)
    assert take_on(nodes, OTHER, "E2") == [kept]
