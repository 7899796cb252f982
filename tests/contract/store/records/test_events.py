"""Reading both streams of events, and whether some were trimmed away."""

import json

import msgpack
import pytest
import redis

from rtd.store.embedded.server import EmbeddedRedis
from rtd.store.events.event_commands import EventPage, RunStart, StreamPlace
from tests.contract.store.harness import NODE, Store

START = StreamPlace("0-0")


def add(store: Store, name: str, *ids: str) -> None:
    for entry in ids:
        store.redis("XADD", f"@{name}", entry, "b", entry)


def read(store: Store, own: StreamPlace, users: StreamPlace, limit: int = 10) -> EventPage:
    page: EventPage = store.link.execute(store.calls.read_events(own, users, limit))
    return page


def ids(page: EventPage) -> tuple[list[str], list[str]]:
    return [entry for entry, _ in page.own], [entry for entry, _ in page.users]


def test_entries_come_behind_a_place_in_each_stream(store: Store) -> None:
    add(store, "events", "5-0", "6-0", "6-1")
    add(store, "user_events", "5-0", "7-0")
    page = read(store, StreamPlace("6-0"), StreamPlace("5-5"))
    assert ids(page) == (["6-1"], ["7-0"])
    assert (page.before, page.gap) == (("6-0", "5-0"), False)
    # In the midst of an entry it comes again.
    assert ids(read(store, StreamPlace("6-0", 3), START, 1)) == (["6-0"], ["5-0"])
    newest = store.link.execute(store.calls.newest_events(2))
    assert ids(newest) == (["6-0", "6-1"], ["5-0", "7-0"])
    assert store.link.execute_all(*store.calls.has_event("7-0")) == [False, True]


def test_a_place_that_was_an_entry_and_is_gone_is_a_gap(store: Store) -> None:
    add(store, "events", "5-0", "6-0", "7-0")
    store.redis("XTRIM", "@events", "MAXLEN", 1)
    there = StreamPlace("5-0", was_there=True)
    assert read(store, there, START).gap
    assert not read(store, StreamPlace("7-0", was_there=True), START).gap
    store.redis("DEL", "@events")
    assert read(store, there, START).gap


def test_a_moment_before_the_first_entry_is_a_gap_if_some_were_trimmed(store: Store) -> None:
    add(store, "events", "5-0", "6-0")
    assert not read(store, StreamPlace("4-9"), START).gap
    store.redis("XTRIM", "@events", "MAXLEN", 1)
    facts = store.redis("XINFO", "STREAM", "@events")
    if b"entries-added" not in facts:
        pytest.skip("a Redis before 7 does not count entries")
    assert read(store, StreamPlace("4-9"), START).gap
    assert not read(store, StreamPlace("0-0", from_start=True), START).gap
    assert not read(store, StreamPlace("6-0"), START).gap


def event_of(run: str, attempt: int = 1) -> list[object]:
    return [2.5, run, "job", "finished", "s", None, attempt, 1.5]


def record_of(run: str, attempts: int = 0) -> bytes:
    spec = msgpack.packb([1, run, "job"])
    return b"q" + msgpack.packb([spec, [[n] for n in range(attempts)], None])


def told(store: Store) -> list[tuple[str, str]]:
    """The events of rtd in the stream: what, and the run."""
    page = store.link.execute(store.calls.newest_events(100))
    return [(e[3], e[1]) for _, blob in page.own for e in msgpack.unpackb(blob)]


def test_an_end_tells_the_start_before_it_while_a_client_follows(store: Store) -> None:
    store.link.execute(store.calls.follow(NODE))
    run, other = store.submit(2)
    store.take()
    at = RunStart("E1", run, "job", 1, 1.25, len(store.record(run) or b""))
    tell = store.calls.tell_started(NODE, [at])
    assert store.link.execute(tell) == 1
    assert store.link.execute(tell) == 0
    events = msgpack.packb([event_of(run), event_of(other)])
    assert store.finish("E1", run, other, events=events) == []
    assert told(store)[1:] == [
        ("started", run), ("started", other), ("finished", run), ("finished", other),
    ]  # fmt: skip
    # After its end there is no start.
    late = RunStart("E1", other, "job", 1, 1.25, len(store.record(other) or b""))
    assert store.link.execute(store.calls.tell_started(NODE, [late])) == 0
    assert store.redis("EXISTS", "@started") == 0


def test_without_listeners_no_start_is_told(store: Store) -> None:
    run = store.submit_one()
    store.take()
    at = RunStart("E1", run, "job", 1, 1.25, len(store.record(run) or b""))
    assert store.link.execute(store.calls.tell_started(NODE, [at])) == 0
    store.finish("E1", run, events=msgpack.packb([event_of(run)]))
    assert told(store)[1:] == [("finished", run)]
    assert store.redis("GET", "@listened") in (b"0", None)


def test_an_event_of_a_task_tells_the_start_of_its_own_attempt(store: Store) -> None:
    store.link.execute(store.calls.follow(NODE))
    run = store.submit_one()
    store.take()
    event = json.dumps({"event": "mine", "attempt": 2, "at": 1.5}).encode()
    publish = store.calls.publish_event(NODE, run, "job", event)
    store.redis("SET", "@r:" + run, record_of(run))
    store.link.execute(publish)  # late, of another attempt
    assert told(store)[1:] == []
    store.redis("SET", "@r:" + run, record_of(run, attempts=1))
    store.link.execute(publish)
    store.link.execute(publish)
    assert told(store)[1:] == [("started", run)]
    deep = b'{"event":"deep","data":' + b"[" * 5000 + b"]" * 5000 + b',"attempt":2,"at":1}'
    store.redis("DEL", "@started")
    store.link.execute(store.calls.publish_event(NODE, run, "job", deep))
    assert len(store.link.execute(store.calls.newest_events(100)).users) == 4
    store.redis("DEL", "@r:" + run)
    store.clear()


def test_a_subscriber_hears_each_event(store: Store, shared_redis: EmbeddedRedis) -> None:
    with redis.Redis.from_url(shared_redis.url) as client, client.pubsub() as pubsub:
        pubsub.psubscribe(store.calls.prefix + "run:*")
        assert pubsub.get_message(timeout=5)["type"] == "psubscribe"
        run, other = store.submit(2)
        store.take()
        store.finish("E1", run, other, events=msgpack.packb([event_of(run), event_of(other)]))
        heard = [json.loads(pubsub.get_message(timeout=5)["data"]) for _ in range(6)]
    assert [(one["event"], one["run"]) for one in heard] == [
        ("queued", run), ("queued", other), ("started", run), ("started", other),
        ("succeeded", run), ("succeeded", other),
    ]  # fmt: skip
    assert heard[4] == {
        "id": heard[5]["id"] + ":1", "event": "succeeded", "data": None, "run": run,
        "task": "job", "attempt": 1, "at": 2.5,
    }  # fmt: skip
    assert store.redis("LRANGE", f"@bell:node:{NODE}", 0, -1).count(b"listen|") == 1
