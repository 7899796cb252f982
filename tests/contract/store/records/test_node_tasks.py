"""Each node has its own sets of tasks; none of them takes a task from another."""

from rtd.store.commands.node_tasks import AWAY_MS
from rtd.store.commands.schedule_records import FiredOccurrence
from tests.contract.store.harness import NODE, Store
from tests.contract.store.records.test_fire import DUE, fire, firing, run_id


def claim(store: Store, *nodes: str) -> None:
    for node in nodes:
        store.link.execute(store.calls.claim(node, b"", b"mine", 60_000))


def merged(store: Store) -> set[str]:
    return set(store.link.execute(store.calls.merged_tasks("watched")))


def told(store: Store, node: str) -> list[str]:
    return [ring for ring in store.rings(node) if ring.startswith(("task|", "fired|"))]


def end_one(store: Store, task: str = "job") -> None:
    run = store.submit_one(task=task)
    store.take()
    store.finish("E1", run)


def test_a_node_removes_no_task_of_another(store: Store) -> None:
    claim(store, NODE, "other")
    store.watch("job")
    store.watch("job", node="other")
    store.watch("report", node="other")
    store.unwatch("job", node="other")
    assert merged(store) == {"job", "report"}
    store.unwatch("job")
    assert merged(store) == {"report"}


def test_a_run_rings_the_nodes_that_watch_its_task(store: Store) -> None:
    claim(store, NODE, "other")
    store.watch("job")
    store.watch("report", node="other")
    end_one(store, "job")
    end_one(store, "report")
    assert [ring.split("|")[1:3] for ring in told(store, NODE)] == [["job", "q"], ["job", "s"]]
    assert [ring.split("|")[1:3] for ring in told(store, "other")] == [
        ["report", "q"], ["report", "s"],
    ]  # fmt: skip


def test_the_tasks_of_a_node_that_is_away_stay_for_a_while(store: Store) -> None:
    store.watch("old", node="away")
    claim(store, "here")
    store.watch("there", node="here")
    store.pass_ms(AWAY_MS - 1)
    store.watch("job")
    assert merged(store) == {"old", "there", "job"}
    store.pass_ms(1)
    store.watch("job")
    assert merged(store) == {"there", "job"}
    assert store.redis("EXISTS", "@watched:away") == 0


def test_what_a_node_of_an_older_version_watches_stays(store: Store) -> None:
    store.redis("SADD", "@watched", "job", "theirs")
    store.watch("job")
    assert merged(store) == {"job"}  # no such node is there
    store.redis("SADD", "@watched", "theirs")
    claim(store, "older")
    store.watch("report")
    assert merged(store) == {"job", "report", "theirs"}
    end_one(store, "theirs")
    assert [ring.split("|")[1:3] for ring in told(store, "older")] == [
        ["theirs", "q"], ["theirs", "s"],
    ]  # fmt: skip


def test_a_start_is_told_to_the_other_nodes_that_watch_the_task(store: Store) -> None:
    claim(store, NODE, "other", "third")
    for task in ("a", "b"):
        store.watch(task, node="other")
    store.watch("c", node="third")
    fire(store, firing(1, "a"), firing(2, "b"), firing(3, "d"))
    fire(store, firing(1, "a"))
    assert told(store, "other") == [f"fired|a|{DUE}|{run_id(1)}|b|{DUE}|{run_id(2)}"]
    assert told(store, "third") == told(store, NODE) == []


def decided(number: int, due_us: int, known_us: int) -> FiredOccurrence:
    return firing(number, due_us=due_us)._replace(known_us=known_us)


def test_a_decision_that_did_not_know_of_a_later_start_makes_no_run(store: Store) -> None:
    assert fire(store, decided(1, DUE, 0)) == [""]
    assert fire(store, decided(2, DUE + 9, DUE - 1)) == [f">{DUE}"]
    assert store.redis("ZCARD", "@occ:job") == 1
    assert fire(store, decided(1, DUE, 0)) == ["q"]  # the same occurrence
    assert fire(store, decided(2, DUE + 9, DUE)) == [""]
    assert store.take() == [run_id(1), run_id(2)]


def test_a_start_that_lies_ahead_refuses_none(store: Store) -> None:
    ahead_us = (store.now_ms + 60_000) * 1000
    assert fire(store, decided(1, ahead_us, 0)) == [""]
    assert fire(store, decided(2, DUE, 0)) == [""]  # after the clock was set back
