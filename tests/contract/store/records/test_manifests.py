"""What Redis keeps and publishes for clients that have no daemon."""

import contextlib

from rtd.common.ids import new_id
from rtd.store.commands import keys
from rtd.store.commands.arguments import Submission
from rtd.store.commands.node_tasks import AWAY_MS
from rtd.store.events.end_subscription import EndSubscription
from tests.contract.store.harness import NODE, Store

OTHER = "other"


def submit_without_node(store: Store, due_ms: int = 0) -> str:
    run = new_id()
    item = Submission(run, f"q:{run}".encode(), run, due_ms, 0)
    place = keys.place("process", "default", 0)
    assert store.link.execute(store.calls.submit("", place, "job", store.now_ms, [item])) == [1]
    store.spots[run] = (place, run, "job")
    return run


def tokens(store: Store, node: str) -> list[bytes]:
    found: list[bytes] = store.redis("LRANGE", f"@bell:node:{node}", 0, -1)
    return found


def test_a_manifest_counts_only_when_it_is_another(store: Store) -> None:
    assert store.link.execute(store.calls.manifests_count()) is None
    written = [store.link.execute(store.calls.set_manifest(NODE, blob)) for blob in (b"a", b"a")]
    assert written == [True, False]
    assert store.link.execute(store.calls.manifests_count()) == b"1"
    assert store.link.execute(store.calls.get_manifests()) == {NODE: b"a"}


def test_a_manifest_goes_with_the_tasks_of_its_node(store: Store) -> None:
    for node in (NODE, OTHER):
        store.watch("job", "having", node=node)
        store.link.execute(store.calls.set_manifest(node, node.encode()))
    store.now_ms += AWAY_MS + 1
    store.watch("job", "having", node=NODE)
    assert store.link.execute(store.calls.get_manifests()) == {NODE: NODE.encode()}
    assert store.link.execute(store.calls.manifests_count()) == b"3"


def test_a_submit_of_no_node_rings_each_node_that_is_there_once(store: Store) -> None:
    for node in (NODE, OTHER):
        store.link.execute(store.calls.claim(node, b"", b"mine", 60_000))
    submit_without_node(store)
    submit_without_node(store)
    for node in (NODE, OTHER):
        assert tokens(store, node) == [b"demand|process"]
    submit_without_node(store, due_ms=store.now_ms + 1000)
    for node in (NODE, OTHER):
        assert tokens(store, node)[1:] == [f"due|{store.now_ms + 1000}".encode()]
    assert store.redis("KEYS", "*bell:node:") == []


def test_a_submit_where_no_node_is_there_waits_for_the_first(store: Store) -> None:
    run = submit_without_node(store)
    assert store.redis("KEYS", "*bell:*") == []
    assert store.take() == [run]


def test_the_end_of_a_run_is_published_for_whom_waits_and_for_no_other(store: Store) -> None:
    awaited, other = store.submit(2)
    channel = store.calls.end_channel(awaited)
    with contextlib.closing(EndSubscription.connect(store.link.url)) as ends:
        ends.subscribe([channel, store.calls.end_channel(other)])
        store.link.execute_all(*store.calls.await_runs([awaited]))
        store.take()
        store.finish("E1", other, awaited)
        assert ends.next_channel(5.0) == channel
        assert ends.next_channel(0.0) is None
    assert store.redis("EXISTS", "@awaited") == 0


def test_a_cancelled_run_is_published_too(store: Store) -> None:
    run = submit_without_node(store)
    with contextlib.closing(EndSubscription.connect(store.link.url)) as ends:
        ends.subscribe([store.calls.end_channel(run)])
        store.link.execute_all(*store.calls.await_runs([run]))
        assert store.cancel(run) == "ok"
        assert ends.next_channel(5.0) == store.calls.end_channel(run)
