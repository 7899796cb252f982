"""Faults are counted, bounded, and halt the schedule where they are to."""

from tests.contract.store.harness import NODE, Store


def note(store: Store, kind: str, what: str, message: str, at: float, halts: bool = False) -> int:
    count: int = store.link.execute(
        store.calls.record_fault(NODE, kind, what, message, at, halts=halts)
    )
    return count


def test_the_same_fault_is_one_row_with_its_latest_message(store: Store) -> None:
    assert note(store, "hook", "before", "first", 100.25) == 1
    assert note(store, "hook", "before", "second", 101.5) == 2
    assert note(store, "hook", "after", "other", 100.5) == 1
    rows = store.link.execute(store.calls.list_faults(NODE))
    assert [tuple(row) for row in rows] == [
        ("hook", "before", "second", 100.25, 101.5, 2),
        ("hook", "after", "other", 100.5, 100.5, 1),
    ]
    assert store.rings() == ["fault|hook|before", "fault|hook|after"]
    assert store.link.execute(store.calls.get_fault(NODE, "hook|before")).message == "second"
    assert store.link.execute(store.calls.get_fault(NODE, "hook|none")) is None


def test_a_new_app_begins_without_faults(store: Store) -> None:
    note(store, "hook", "before", "first", 100.0)
    store.link.execute(store.calls.clear_faults(NODE))
    assert store.link.execute(store.calls.list_faults(NODE)) == []
    assert note(store, "hook", "before", "again", 101.0) == 1
    assert len(store.rings()) == 2


def test_one_fault_that_is_over_is_forgotten(store: Store) -> None:
    note(store, "task", "reader", "ended soon", 100.0)
    note(store, "hook", "before", "first", 101.0)
    store.link.execute(store.calls.forget_fault(NODE, "task", "reader"))
    assert [row.what for row in store.link.execute(store.calls.list_faults(NODE))] == ["before"]
    assert note(store, "task", "reader", "again", 102.0) == 1
    assert store.rings().count("fault|task|reader") == 2


def test_of_more_than_two_hundred_the_quietest_goes(store: Store) -> None:
    for number in range(200):
        note(store, "loader", f"file{number}", "no", float(number))
    note(store, "loader", "file0", "again", 500.0)
    note(store, "loader", "new", "no", 501.0)
    kept = {row.what for row in store.link.execute(store.calls.list_faults(NODE))}
    assert len(kept) == 200
    assert {"new", "file0", "file2"} <= kept
    assert "file1" not in kept


def test_the_message_of_a_fault_is_one_line_of_bounded_length(store: Store) -> None:
    note(store, "task", "a|b\nc", "x\ny\udcff " + "z" * 5000, 1.0)
    (row,) = store.link.execute(store.calls.list_faults(NODE))
    assert row.what == "a|b c"
    assert row.message.startswith("x y\\udcff zzz")
    assert len(row.message) == 1000
    assert store.link.execute(store.calls.get_fault(NODE, "task|a|b c")) == row


def test_the_first_fault_that_halts_is_kept_until_the_halt_is_lifted(store: Store) -> None:
    assert store.link.execute(store.calls.get_halt()) is None
    note(store, "parameter", "day", "no day", 1.5, halts=True)
    note(store, "parameter", "hour", "no hour", 2.0, halts=True)
    assert tuple(store.link.execute(store.calls.get_halt())) == ("parameter", "day", "no day", 1.5)
    assert store.redis("HGET", "@switches", "*") is None
    assert [ring for ring in store.rings() if ring.startswith("halt")] == ["halt|parameter|day"]
    assert store.link.execute(store.calls.switch(NODE, "*", True)) == 1
    assert store.link.execute(store.calls.switch(NODE, "*", True)) == 0
    assert store.link.execute(store.calls.get_halt()) is None
    assert store.redis("HGET", "@switches", "*") == b"1"


def test_a_fault_that_another_program_has_overwritten_is_recorded_again(store: Store) -> None:
    for blob in (
        b"garbage",
        b"",
        b"\xc1",
        b"\x93\x01\x02\x03",
        b"\x96\xa1a\xa1b\xa1c\xa1d\xa1e\x01",
    ):
        store.redis("HSET", f"@faults:{NODE}", "hook|before", blob)
        assert store.link.execute(store.calls.list_faults(NODE)) == []
        assert store.link.execute(store.calls.get_fault(NODE, "hook|before")) is None
        assert note(store, "hook", "before", "first", 100.25) == 1
        assert store.link.execute(store.calls.get_fault(NODE, "hook|before")).message == "first"


def test_of_many_the_one_that_cannot_be_read_goes_first(store: Store) -> None:
    for number in range(199):
        note(store, "loader", f"file{number}", "no", float(number + 1))
    store.redis("HSET", f"@faults:{NODE}", "hook|before", b"garbage")
    note(store, "loader", "new", "no", 501.0)
    assert len(store.link.execute(store.calls.list_faults(NODE))) == 200


def test_a_halt_whose_reason_cannot_be_read_is_a_halt(store: Store) -> None:
    store.redis("SET", "@halted", b"garbage")
    assert (
        store.link.execute(store.calls.get_halt()).message == "the reason in Redis cannot be read"
    )
