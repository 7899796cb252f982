"""Reading both streams of events, and whether some were trimmed away."""

import pytest

from rtd.store.events.event_commands import EventPage, StreamPlace
from tests.contract.store.harness import Store

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
