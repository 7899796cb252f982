"""`SCHEDULE` of redis-tasks, its schedules and its decorator."""

from pathlib import Path

import pytest

from rtd import crontab, once_per_day, redis_task, run_every
from rtd.common.errors import AppError, PolicyError
from rtd.conditions import View
from rtd.session.app.load_app import load
from rtd.session.session import Session

TASKS = """
from rtd import Session, redis_task
session = Session()

@redis_task(reentrant=True, timeout=90)
def fetch(url, depth=1):
    return url, depth

def plain(*, word="a"):
    return word

def spread(*words): ...

@session.task(start_cond="daily")
def nightly(): ...

@session.task(lane="thread", end_cond="running past 5 min", queue="fast", on_startup=True,
              parameters={"first": 1})
def quick(first, second): ...
"""
HEAD = "from rtd import crontab, once_per_day, run_every\n"


def loaded(project: Path, entries: str, more: str = "") -> Session:
    (project / "tasks.py").write_text(TASKS)
    (project / "rt_settings.py").write_text(f"{HEAD}SCHEDULE = {{{entries}}}\n{more}")
    return load("tasks.py")


@pytest.mark.parametrize(
    ("made", "text"),
    [
        (crontab("0 0 * * 1"), "cron 0 0 * * 1"),
        (once_per_day("12:00"), "cron 0 12 * * *"),
        (once_per_day("06:30"), "cron 30 6 * * *"),
        (run_every(minutes=20), "every 20 minutes"),
        (run_every(hours=1, minutes=30), "every 1 hour 30 minutes"),
        (run_every(hours=6, start_at="05:00"), "cron 0 5,11,17,23 * * *"),
        (run_every(minutes=20, start_at="00:00"), "cron */20 * * * *"),
        (run_every(minutes=1, start_at=0), "cron * * * * *"),
        (
            run_every(hours=7, minutes=30, start_at="01:00"),
            "cron 0 1,16 * * * | cron 30 8,23 * * *",
        ),
        (run_every(seconds=90, start_at="05:00"), "every 1 minute 30 seconds & time of day after"),
    ],
)
def test_a_schedule_is_a_condition(made: object, text: str) -> None:
    assert str(made).startswith(text)


@pytest.mark.parametrize(
    "call",
    [
        run_every,
        lambda: run_every(hours=25),
        lambda: run_every(minutes=5, start_at="24:00"),
        lambda: run_every(minutes="5"),  # type: ignore[arg-type]
        lambda: once_per_day("noon"),
        lambda: redis_task(reentrant="yes"),
        lambda: crontab("0 0 0 * * 1"),
    ],
)
def test_what_is_no_schedule_is_refused(call: object) -> None:
    with pytest.raises((PolicyError, ValueError)):
        call()  # type: ignore[operator]


def test_each_entry_is_a_task_of_its_name(project: Path) -> None:
    session = loaded(
        project,
        """
        "len of site": {"task": "tasks.fetch", "schedule": run_every(minutes=20),
                        "args": ["https://x.org"], "kwargs": {"depth": 3}},
        "words": {"task": "tasks.plain", "schedule": once_per_day("12:00"),
                  "kwargs": {"word": "b"}, "singleton": False, "queue": "slow"},
        "own": {"task": "tasks.quick", "schedule": crontab("0 0 * * 1"),
                "kwargs": {"second": 2}},
        """,
        "SCHEDULER_QUEUE = 'timed'\nSCHEDULER_MAX_CATCHUP = 1800\n",
    )
    site, words, own = (session[name].definition for name in ("len of site", "words", "own"))
    assert site.info.schedule.to_dict() == {
        "start": "every 20 minutes",
        "catch_up": "within 1800 s",
    }
    assert site.parameters == {"url": "https://x.org", "depth": 3}
    policies = site.info.policies
    assert (policies.queue, policies.on_lost, policies.timeout_s) == ("timed", "requeue", 90.0)
    assert words.info.schedule.to_dict() == {
        "start": "cron 0 12 * * *", "catch_up": "all", "overlap": True,
    }  # fmt: skip
    assert words.info.policies.queue == "slow"
    assert words.target(**words.parameters) == "b"
    assert (own.info.lane, own.info.schedule.end) == ("thread", "running past 5 minutes")
    assert own.parameters == {"first": 1, "second": 2}
    assert not own.info.on_startup
    assert session["quick"].definition.info.on_startup
    assert not session.faults


def test_an_entry_with_the_name_of_its_task_schedules_that_task(project: Path) -> None:
    entry = '"fetch": {"task": "tasks.fetch", "schedule": run_every(hours=1), "args": ["u"]}'
    session = loaded(project, entry, "DEFAULT_TASK_TIMEOUT = 5\n")
    task = session["fetch"].definition
    assert task.info.schedule.start == "every 1 hour"
    assert (task.info.policies.on_lost, task.info.policies.timeout_s) == ("requeue", 90.0)
    assert session["quick"].definition.info.policies.timeout_s == 5.0
    assert len([name for name in session.tasks if name == "fetch"]) == 1


def test_a_task_keeps_its_queue_unless_the_schedule_has_another(project: Path) -> None:
    entry = "{'task': 'tasks.quick', 'schedule': crontab('0 0 * * *'), 'args': [1, 2]"
    session = loaded(project, f"'quick': {entry}}}, 'slow': {entry}, 'queue': 'slow'}}")
    assert session["quick"].definition.info.policies.queue == "fast"
    assert session["quick"].definition.info.on_startup
    assert session["slow"].definition.info.policies.queue == "slow"


@pytest.mark.parametrize(
    ("entry", "says"),
    [
        ("3", "3 is no mapping with 'task' and 'schedule'"),
        ("{'task': 'tasks.plain'}", "it has no 'schedule'"),
        ("{'schedule': run_every(hours=1)}", "it has no 'task'"),
        (
            "{'task': 'tasks.plain', 'schedul': 1, 'schedule': 1}",
            "unknown key 'schedul'; did you mean 'schedule'?",
        ),
        (
            "{'task': 'tasks.plan', 'schedule': crontab('* * * * *')}",
            "task 'tasks.plan': module 'tasks' has no 'plan'; did you mean 'plain'?",
        ),
        ("{'task': 'tasks.session', 'schedule': run_every(hours=1)}", "is no function"),
        ("{'task': 'tasks.plain', 'schedule': 20}", "start_cond: "),
        (
            "{'task': 'tasks.fetch', 'args': ['u'], 'schedule': 'every 5'}",
            "start_cond: line 1, col",
        ),
        ("{'task': 'tasks.fetch', 'schedule': run_every(hours=1)}", "tasks.fetch needs 'url'"),
        (
            "{'task': 'tasks.fetch', 'schedule': run_every(hours=1), 'kwargs': {'uri': 1}}",
            "tasks.fetch: got an unexpected keyword argument 'uri'",
        ),
        (
            "{'task': 'tasks.spread', 'schedule': run_every(hours=1), 'args': ['a']}",
            "tasks.spread takes *words",
        ),
        ("{'task': 'tasks.plain', 'schedule': 'daily', 'args': 'ab'}", "args: 'ab' is no list"),
        ("{'task': 'tasks.plain', 'schedule': 'daily', 'singleton': 1}", "singleton: 1 is neither"),
        (
            "{'task': 'tasks.plain', 'schedule': 'daily', 'queue': 'a b'}",
            "queue: 'a b' is no queue",
        ),
    ],
)
def test_a_broken_entry_is_named_in_one_line(project: Path, entry: str, says: str) -> None:
    with pytest.raises(AppError) as caught:
        loaded(project, f"'one': {entry}")
    text = caught.value.sentence
    assert text.startswith(f"SCHEDULE in {project}/rt_settings.py: 'one': ")
    assert says in text
    assert "\n" not in text
    assert text.count("SCHEDULE in") == 1


def test_a_task_with_its_own_condition_keeps_it(project: Path) -> None:
    with pytest.raises(AppError, match="'nightly' has a start_cond already"):
        loaded(project, "'nightly': {'task': 'tasks.nightly', 'schedule': crontab('0 0 * * *')}")


def test_the_decorator_leaves_the_function_as_it_is() -> None:
    session = Session()

    @redis_task()
    def one(a: int) -> int:
        return a + 1

    @redis_task
    def two() -> None: ...

    assert one(1) == 2
    assert type(two) is type(one)
    assert [task.name for task in session] == ["one", "two"]
    assert session["one"].definition.info.policies.on_lost == "fail"


@pytest.mark.parametrize(
    ("interval", "start"),
    [(20, "00:00"), (360, "05:00"), (90, "05:30"), (7, "00:03"), (61, "23:00"), (1440, "12:15")],
)
def test_each_day_begins_at_its_start_and_goes_on_to_midnight(interval: int, start: str) -> None:
    condition = run_every(minutes=interval, start_at=start)
    hour, minute = map(int, start.split(":"))
    midnight = 1_772_409_600  # 2026-03-02 00:00 in UTC
    found = [
        at for at in range(24 * 60) if condition.check(View(midnight + 60.0 * at, "task", tz="UTC"))
    ]
    assert found == list(range(hour * 60 + minute, 24 * 60, interval))
