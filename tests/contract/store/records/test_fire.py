"""Occurrences: each at most once, with its run in the same step."""

from rtd.store.commands import keys
from rtd.store.commands.schedule_records import (
    ActiveRun,
    FiredOccurrence,
    OccurrenceRecord,
    SchedulerState,
    SkippedOccurrence,
    parse_occurrences,
    parse_scheduler_state,
)
from tests.contract.store.harness import NODE, Store

PLACE = keys.place("process", "default", 0)
#: A due moment that no whole millisecond is.
DUE = 1_800_000_000_000_001


def run_id(number: int) -> str:
    return f"{number:026d}"


def firing(
    number: int, task: str = "job", due_us: int = DUE, note: str = "ran||"
) -> FiredOccurrence:
    run = run_id(number)
    return FiredOccurrence(task, due_us, due_us, run, f"q:{run}".encode(), run, 0, note)


def fire(store: Store, *firings: FiredOccurrence, most: int = 100) -> list[str]:
    call = store.calls.fire(NODE, PLACE, store.now_ms, most, DUE + 5, firings)
    flags: list[str] = store.link.execute(call)
    return flags


def kept(store: Store) -> SchedulerState:
    return parse_scheduler_state(store.link.execute_all(*store.calls.get_scheduler_state()))


def dues(store: Store, task: str = "job") -> list[OccurrenceRecord]:
    return parse_occurrences(task, store.link.execute_all(*store.calls.occurrences(task, 100)))


def test_an_occurrence_and_its_run_are_made_in_one_step(store: Store) -> None:
    assert fire(store, firing(1), firing(2, "other")) == ["", ""]
    assert store.take() == [run_id(1), run_id(2)]
    assert dues(store) == [OccurrenceRecord("job", DUE, "")]
    found = kept(store)
    assert found.alive_us == DUE + 5
    assert found.last["r"] == {"job": DUE, "other": DUE}
    assert set(found.active_runs) == {
        ActiveRun(run_id(1), "job", DUE),
        ActiveRun(run_id(2), "other", DUE),
    }


def test_the_second_node_gets_the_state_of_the_run_that_exists(store: Store) -> None:
    fire(store, firing(1))
    assert fire(store, firing(1), firing(2, "other")) == ["q", ""]
    assert store.take() == [run_id(1), run_id(2)]
    assert fire(store, firing(1)) == ["q"]
    for number, task in ((1, "job"), (2, "other")):
        store.spots[run_id(number)] = (PLACE, run_id(number), task)
        store.finish("E1", run_id(number))
    assert fire(store, firing(1)) == ["s"]
    store.redis("DEL", "@r:" + run_id(1))
    assert fire(store, firing(1)) == ["-"]
    assert store.take() == []


def test_a_firing_goes_straight_to_an_idle_executor(store: Store) -> None:
    assert store.take("E1") == []
    fire(store, firing(1))
    (handed,) = store.bell("E1")
    assert handed is not None
    assert handed.id == run_id(1)


def test_an_occurrence_without_a_run_is_written_down_once(store: Store) -> None:
    note = store.calls.record_skipped(
        100, DUE, [SkippedOccurrence("job", DUE, True, "missed||it slept")]
    )
    store.link.execute(note)
    store.link.execute(note)
    assert dues(store) == [OccurrenceRecord("job", DUE, "missed||it slept")]
    assert store.link.execute(store.calls.misses(10)) == [
        OccurrenceRecord("job", DUE, "missed||it slept")
    ]
    assert kept(store).last["u"] == kept(store).last["d"] == {"job": DUE}


def test_the_latest_moment_without_a_run_is_known_also_if_another_run_stands_for_it(
    store: Store,
) -> None:
    notes = [SkippedOccurrence("job", DUE + n, False, "coalesced||it slept") for n in range(3)]
    owed = SkippedOccurrence("job", DUE + 3, False, "owed||it slept")
    store.link.execute(store.calls.record_skipped(100, DUE, [*notes, owed]))
    assert kept(store).last["d"] == {"job": DUE + 2}
    assert kept(store).last["u"] == {}
    assert fire(store, firing(1)) == ["-"]
    assert store.take() == []


def test_only_the_latest_occurrences_of_a_task_are_kept(store: Store) -> None:
    for number in range(10):
        fire(store, firing(number, due_us=DUE + number, note="late||busy"), most=3)
    assert [due.due_us for due in dues(store)] == [DUE + 9, DUE + 8, DUE + 7]
    assert store.redis("HLEN", "@note:job") == 3


def test_the_end_of_a_watched_run_is_noted_and_rung(store: Store) -> None:
    store.watch("job")
    fire(store, firing(1))
    store.spots[run_id(1)] = (PLACE, run_id(1), "job")
    store.take()
    store.pass_ms(7)
    store.rings()
    store.finish("E1", store.outcome(run_id(1), state="x"))
    assert f"task|job|x|{run_id(1)}|{store.now_ms}" in store.rings()
    found = kept(store)
    assert found.active_runs == []
    assert found.last["x"] == {"job": store.now_ms * 1000}


def test_a_firing_that_is_cancelled_has_used_up_its_moment(store: Store) -> None:
    store.watch("job")
    fire(store, firing(1))
    store.spots[run_id(1)] = (PLACE, run_id(1), "job")
    store.pass_ms(7)
    assert store.cancel(run_id(1)) == "ok"
    found = kept(store)
    assert found.last["c"] == found.last["u"] == {"job": store.now_ms * 1000}


def test_a_submitted_run_of_a_watched_task_counts_as_started(store: Store) -> None:
    store.watch("job")
    run = store.submit_one()
    later = store.submit_one(due_ms=store.now_ms + 1000)
    assert f"task|job|q|{run}|{store.now_ms}" in store.rings()
    assert kept(store).active_runs == [ActiveRun(run, "job", store.now_ms * 1000)]
    assert later not in {one.id for one in kept(store).active_runs}


def test_a_firing_into_a_paused_queue_waits(store: Store) -> None:
    store.link.execute(store.calls.pause(NODE, "default"))
    fire(store, firing(1))
    assert store.take() == []
    store.link.execute(store.calls.resume(NODE, "default"))
    assert store.take() == [run_id(1)]


def test_moments_that_were_missed_by_a_clock_ahead_can_come_again(store: Store) -> None:
    skipped = [
        SkippedOccurrence("job", DUE - 1, True, "missed||before"),
        SkippedOccurrence("job", DUE + 1, True, "missed||ahead"),
        SkippedOccurrence("job", DUE + 2, True, "coalesced||ahead"),
        SkippedOccurrence("job", DUE + 3, True, "skipped||held"),
    ]
    store.link.execute(store.calls.record_skipped(100, DUE, skipped))
    fire(store, firing(4, due_us=DUE + 4), firing(5, due_us=DUE + 5, note="late||ahead"))
    assert store.link.execute(store.calls.reopen(DUE, ["job", "other"])) == 1
    assert [due.due_us - DUE for due in dues(store)] == [5, 4, 3, 2, -1]
    verdicts = [due.note.partition("|")[0] for due in dues(store)]
    assert verdicts == ["late", "", "skipped", "coalesced", "missed"]
    assert fire(store, *(firing(n, due_us=DUE + n) for n in (1, 2, 4))) == ["", "-", "q"]
