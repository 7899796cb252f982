"""A supervisor that is killed again and again while tasks come due ten times a second."""

import itertools
import random
import time
from collections import Counter
from pathlib import Path

from rtd.model.run_record import decode_record
from rtd.planner.occurrence import occurrence_id
from rtd.store.commands.commands import StoreCommands
from rtd.store.commands.schedule_records import OccurrenceRecord
from rtd.store.connection.blocking import RedisConnection
from tests.helpers.daemon import Daemon
from tests.helpers.deadline import until
from tests.helpers.occurrences import connect_redis, occurrences, outcome_text
from tests.helpers.running import restart_supervisor

TASKS = ("none", "last", "all", "within", "too-late", "if-true")
#: One occurrence after the other: `every` counts both ends of its span.
STEP_US = 100_001
#: From the decision to start to the moment at which the run's record is packed.
SLACK_US = 500_000


def ticks(path: Path) -> list[tuple[str, str]]:
    """Task and id of every run that has begun."""
    if not path.exists():
        return []
    return [(line.split()[0], line.split()[1]) for line in path.read_text().splitlines()]


def kill_and_check(daemon: Daemon, path: Path, kills: int, seed: int) -> None:
    """Kill the supervisor at random moments; no occurrence may be lost, none may run twice."""
    chance = random.Random(seed)
    for _ in range(kills):
        time.sleep(chance.uniform(0.0, 0.6))
        restart_supervisor(daemon)
    began = len(ticks(path))
    until(lambda: len(ticks(path)) > began + 10, within_s=30, what="ticks after the last kill")
    daemon.ok("disable", "--all")
    until(lambda: "running" not in daemon.ok("ls", "--state", "running,queued", "-q"), what="calm")
    check(daemon, path)


def check(daemon: Daemon, path: Path) -> None:
    """Compare the ledger with what ran."""
    counted = Counter(run for _, run in ticks(path))
    assert [run for run, times in counted.items() if times > 1] == [], "ran twice"
    expected: set[str] = set()
    with connect_redis(daemon) as link:
        for task in TASKS:
            dues = occurrences(link, task)
            print(task, Counter(map(outcome_text, dues)))
            run = None
            for first, second in itertools.pairwise(dues):
                run = first if outcome_text(first) in ("late", "ran") else run
                check_follows(link, first, second, run)
            expected |= {run_of(due) for due in dues if outcome_text(due) in ("ran", "late")}
    assert set(counted) == expected


def check_follows(
    link: RedisConnection,
    first: OccurrenceRecord,
    second: OccurrenceRecord,
    run: OccurrenceRecord | None,
) -> None:
    """Check that no moment is missing between two occurrences, and none too many.

    Each is due a tenth of a second after the one before, or after the start of the latest run, when
    that start was late: it had to wait for an earlier run, or for a supervisor. A moment that
    comes while that run goes on is skipped; on a busy machine a run takes longer than a step, and
    the next moment can come at its end.

    Args:
        run: the latest occurrence, `first` included, that made a run.
    """
    if second.due_us - first.due_us == STEP_US:
        return
    assert outcome_text(first) in ("late", "ran", "skipped"), (first, second)
    assert run is not None, (first, second)
    blob = link.execute(StoreCommands("rtd").get_record(run_of(run)))
    record = decode_record(blob)
    assert record.end is not None, (first, second, run)
    packed_us, ended_us = record.spec.submitted_at * 1e6, record.end.ended_at * 1e6
    start_us = second.due_us - STEP_US
    assert first.due_us < start_us, (first, second, packed_us, ended_us)
    assert start_us <= max(packed_us + SLACK_US, ended_us), (first, second, run, ended_us)


def run_of(due: OccurrenceRecord) -> str:
    """The id of its run."""
    return occurrence_id(due.task, due.due_us)
