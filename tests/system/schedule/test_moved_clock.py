"""The live scheduler on a clock that the test moves: what it fires is what the simulation says.

Everything is real but the clock and the executor: Redis, the scripts, the rings.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from rtd.common.ids import new_id
from rtd.config.config import Config
from rtd.config.paths import DaemonPaths
from rtd.model.manifest import Manifest, TaskInfo
from rtd.model.schedule import Schedule
from rtd.planner.planner import Planner
from rtd.planner.simulate import simulate
from rtd.process.board.board import Board
from rtd.store.commands.arguments import LeaseOutcome
from rtd.store.commands.commands import StoreCommands
from rtd.store.commands.schedule_records import OccurrenceRecord, parse_occurrences
from rtd.store.connection.async_ import AsyncRedisConnection
from rtd.store.connection.command import RedisCommand
from rtd.store.embedded.server import EmbeddedRedis
from rtd.supervisor.core.context import SupervisorContext
from rtd.supervisor.scheduler.schedule_events import ScheduleEvents
from rtd.supervisor.scheduler.scheduler import TaskScheduler
from tests.helpers.deadline import until_async

SECOND = 1_000_000
HOUR = 3600 * SECOND
#: In the future, so that no timer of the real clock goes off.
START = 1_925_000_000 * SECOND
SPAN = 24 * 3600 * SECOND
#: Ends come in whole milliseconds.
GRAIN = 2_000
CONDITIONS = (
    "every 30 minutes",
    "cron */20 * * * *",
    "hourly after 10:00",
    "daily between 11:00 and 15:00",
    "hourly before 30:00 & time of day after 03:00",
    "after task 't0'",
    "after any tasks 't1', 't2'",
    "after task 't4' | every 2 hours",
    "task 't3' has succeeded today & every 45 minutes",
    "minutely on 30 & time of hour between 15:00 and 17:00",
)


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[EmbeddedRedis]:
    """A private Redis."""
    embedded = EmbeddedRedis(tmp_path / "redis")
    embedded.start()
    yield embedded
    embedded.stop()


class Live:
    """A scheduler, the clock that it is given, and the executor of its runs."""

    def __init__(self, core: SupervisorContext) -> None:
        self.core = core
        self.now_us = START
        self.scheduler = TaskScheduler(core, lambda: self.now_us)
        self.events = ScheduleEvents(core, self.scheduler)
        self.ends: dict[str, tuple[int, str]] = {}
        self.began: list[str] = []

    async def fired(self) -> None:
        """Until what was decided is in Redis; its runs are taken."""
        while self.scheduler.dispatcher:
            await asyncio.sleep(0)
        core, calls = self.core, self.core.commands
        take = calls.take("node", "E1", "process", 100, self.now_us // 1000, enroll=True)
        took = await core.execute(take)
        for run in took.runs:
            self.began.append(run.id)
            (task,) = [
                t for t in core.manifest.tasks if run.id in self.planner.history.active_runs(t)
            ]
            self.ends[run.id] = (self.planner.history.active_runs(task)[run.id] + SECOND, task)

    @property
    def planner(self) -> Planner:
        assert self.scheduler.planner is not None
        return self.scheduler.planner

    async def end(self) -> None:
        """End the runs whose time has come, by a real `finish`, and hand on its rings."""
        calls = self.core.commands
        for run_id, (at_us, task) in sorted(self.ends.items(), key=lambda item: item[1]):
            if at_us <= self.now_us:
                del self.ends[run_id]
                outcome = LeaseOutcome(run_id, task, "d", b"s", 60)
                finish = calls.finish("node", "E1", at_us // 1000, b"", 10, [outcome])
                assert await self.core.execute(finish) == []
        bell = RedisCommand(("LPOP", calls.node_bell_key("node"), 1000))
        for ring in await self.core.execute(bell) or ():
            word, _, rest = ring.decode().partition("|")
            if word == "task":
                self.events.on_run(rest)

    async def run(self, until_us: int) -> None:
        """Move the clock from moment to moment."""
        await self.fired()
        while True:
            wake = self.planner.next_wake()
            ends = [at_us for at_us, _ in self.ends.values()]
            at_us = min([*ends, *([] if wake is None else [wake])])
            if at_us >= until_us:
                return
            # As if it had looked all the time: nothing was due before.
            assert self.planner.advance(at_us - 1) == []
            self.now_us = at_us
            await self.end()
            self.scheduler.advance()
            await self.fired()


def tasks() -> dict[str, TaskInfo]:
    """A task for each condition."""
    return {
        f"t{n}": TaskInfo(f"t{n}", schedule=Schedule(text, timezone="UTC"))
        for n, text in enumerate(CONDITIONS)
    }


@contextlib.asynccontextmanager
async def begun(url: str, folder: Path, infos: dict[str, TaskInfo]) -> AsyncIterator[Live]:
    """A scheduler that has begun."""
    places = DaemonPaths(folder, folder, folder / "socket")
    core = SupervisorContext(
        config=Config(node="node"), paths=places, app="app",
        redis=await AsyncRedisConnection.connect(url),
        commands=StoreCommands("rtd"), store_url=url, board=Board.create(places.board),
        manifest=Manifest("app", infos),
    )  # fmt: skip
    here = Live(core)
    core.gate.open()
    await here.scheduler.start()
    yield here
    here.scheduler.stop()
    await core.jobs.stop()
    await core.redis.close()
    core.board.close()


async def written(core: SupervisorContext, task: str) -> list[OccurrenceRecord]:
    """The due moments of a task, the first first."""
    answers = await core.redis.execute_all(*core.commands.occurrences(task, 100_000))
    return parse_occurrences(task, answers)[::-1]


async def live(url: str, folder: Path) -> dict[str, list[int]]:
    """The due moments that a live scheduler wrote down, by task."""
    async with begun(url, folder, tasks()) as here:
        await here.run(START + SPAN)
        return {task: [due.due_us for due in await written(here.core, task)] for task in tasks()}


def test_the_live_scheduler_fires_what_the_simulation_says(
    redis: EmbeddedRedis, tmp_path: Path
) -> None:
    found = asyncio.run(live(redis.url, tmp_path))
    expected: dict[str, list[int]] = {task: [] for task in tasks()}
    for one in simulate(tasks(), START, START + SPAN, "UTC", SECOND):
        expected[one.task].append(one.due_us)
    assert sum(map(len, expected.values())) > 100
    for task, dues in expected.items():
        assert len(found[task]) == len(dues), (task, found[task], dues)
        gaps = [abs(a - b) for a, b in zip(found[task], dues, strict=True)]
        # Each run that follows another may shift by the grain of the one before.
        assert max(gaps) <= GRAIN, (task, gaps)


async def jumps(url: str, folder: Path) -> tuple[list[OccurrenceRecord], list[str]]:
    """An hour, a clock set forward by an hour, one set back by two, and three hours more."""
    schedule = Schedule("cron 5 * * * *", timezone="UTC", catch_up="last")
    infos = {"t": TaskInfo("t", schedule=schedule)}
    async with begun(url, folder, infos) as here:
        await here.run(START + HOUR)
        here.now_us = START + 3 * HOUR
        here.scheduler.advance()
        await here.fired()
        await here.run(START + 3 * HOUR + 2 * SECOND)
        here.now_us = START + HOUR
        here.scheduler.advance()
        await here.fired()
        await here.run(START + 5 * HOUR)
        return await written(here.core, "t"), here.began


def test_a_clock_that_jumps_loses_no_moment_and_runs_none_twice(
    redis: EmbeddedRedis, tmp_path: Path
) -> None:
    dues, began = asyncio.run(jumps(redis.url, tmp_path))
    hours = [(due.due_us - dues[0].due_us) / HOUR for due in dues]
    assert hours == [0, 1, 2, 3, 4]
    assert [due.note.partition("|")[0] for due in dues] == ["", "coalesced", "late", "", ""]
    assert "rtd stood still" in dues[1].note
    assert len(began) == len(set(began)) == 4


@pytest.mark.parametrize(
    ("second", "reason"),
    [(28, "it was late"), (25, "rtd stood still for 11 s")],
    ids=["3 s late", "6 s late"],
)
def test_moments_during_a_long_stall_are_misfires_however_long_ago_the_last_look_was(
    redis: EmbeddedRedis, tmp_path: Path, second: int, reason: str
) -> None:
    """The planner looks when something is due, and else every few seconds."""
    condition = f"time of minute after {second}"

    async def look() -> list[OccurrenceRecord]:
        infos = {"task": TaskInfo("task", schedule=Schedule(condition, timezone="UTC"))}
        async with begun(redis.url, tmp_path, infos) as here:
            here.now_us += 11 * SECOND  # it began at second 20
            here.scheduler.advance()
            await here.fired()
            return await written(here.core, "task")

    (due,) = asyncio.run(look())
    assert due.due_us == START + (second - 20) * SECOND
    assert due.note.rpartition("|")[2].partition(" (")[0] == reason


def test_a_window_that_closed_before_an_event_was_told_was_open(
    redis: EmbeddedRedis, tmp_path: Path
) -> None:
    """The supervisor stood still for seconds: it hears of the end of a run before it looks."""
    infos = {
        "task": TaskInfo("task", schedule=Schedule("minutely on 28", timezone="UTC")),
        "other": TaskInfo("other", schedule=Schedule("after task 'task'", timezone="UTC")),
    }

    async def look() -> list[OccurrenceRecord]:
        async with begun(redis.url, tmp_path, infos) as here:
            here.now_us += 11 * SECOND  # it began at second 20
            here.events.on_run(f"other|s|{new_id()}|{(here.now_us - SECOND) // 1000}")
            await here.fired()
            return await written(here.core, "task")

    (due,) = asyncio.run(look())
    assert due.due_us == START + 8 * SECOND
    assert due.note.startswith("late|")


async def hour_there_and_back(url: str, folder: Path) -> dict[str, list[tuple[int, str]]]:
    """An hour, a clock set forward by an hour, set back a minute later, and another hour.

    Returns the due moments of each task in minutes, with what became of them.
    """
    conditions = {
        "interval": "every 10 minutes", "cron": "cron 0,20 * * * *", "day": "daily after 03:30",
    }  # fmt: skip
    infos = {n: TaskInfo(n, schedule=Schedule(c, timezone="UTC")) for n, c in conditions.items()}
    async with begun(url, folder, infos) as here:
        await here.run(START + HOUR)
        for now_us in (START + 2 * HOUR, START + HOUR + 60 * SECOND):
            here.now_us = now_us
            here.scheduler.advance()
            await here.fired()
            await until_async(lambda: not here.core.jobs._tasks)
            await here.run(now_us + 60 * SECOND)
        await here.run(START + 2 * HOUR + 60 * SECOND)
        found = {name: await written(here.core, name) for name in conditions}
        return {
            name: [(round((due.due_us - START) / 60e6), due.note.partition("|")[0]) for due in dues]
            for name, dues in found.items()
        }


def test_what_a_clock_ahead_has_passed_over_starts_in_its_time(
    redis: EmbeddedRedis, tmp_path: Path
) -> None:
    found = asyncio.run(hour_there_and_back(redis.url, tmp_path))
    assert START % (24 * HOUR) == 2 * HOUR + 13 * 60 * SECOND + 20 * SECOND
    # One run at once for the hour that seemed lost, then on from there.
    assert [due for due, _ in found["interval"]][:7] == [0, 10, 20, 30, 40, 50, 60]
    assert len([due for due, how in found["interval"] if 61 < due < 121 and not how]) == 5
    # 03:00 and 03:20 were missed at 04:13, and start at 03:00 and 03:20.
    assert [how for _, how in found["cron"]] == ["", "", "", ""]
    # 03:30 has its run already: it was caught up.
    assert [how for _, how in found["day"]] == ["late"]
