"""rtd's own tasks in the main lane: no exception of the app leaves them."""

from collections.abc import Iterator

import pytest

from rtd.common.errors import PolicyError
from rtd.session import Session
from rtd.session.app.internal_tasks import InternalTasks
from rtd.session.app.scheduler_hooks import Scheduler
from rtd.session.core.app_errors import Stopped


def answered(text: str) -> bool:
    """Custom conditions of the tests."""
    if text == "late":
        raise Stopped
    if text == "bad":
        raise ValueError("no such thing")
    if text == "exits":
        raise SystemExit(3)
    return text == "yes"


def test_each_condition_is_answered_or_says_what_it_raised() -> None:
    inner = InternalTasks(Session(as_default=False), answered)
    found = inner.run_cycle(["yes", "no", "bad", "exits"], 1, 0.0, 60.0)["answers"]
    assert (found["yes"], found["no"]) == ([True, ""], [False, ""])
    assert found["bad"][0] is None
    assert found["bad"][1].startswith("ValueError: no such thing (")
    assert found["exits"][0] is None


def test_who_is_late_says_so_and_who_comes_after_it_was_not_asked() -> None:
    found = InternalTasks(Session(as_default=False), answered).run_cycle(
        ["yes", "late", "no"], 1, 0.0, 60.0
    )
    assert list(found["answers"]) == ["yes", "late"]
    assert found["answers"]["late"] == [None, "it did not answer in time"]


def test_one_is_asked_however_little_time_there_is_and_the_rest_later() -> None:
    found = InternalTasks(Session(as_default=False), answered).run_cycle(
        ["yes", "no"], 1, 0.0, -1.0
    )
    assert list(found["answers"]) == ["yes"]


def test_hooks_surround_the_cycle_and_see_the_scheduler() -> None:
    session, said = Session(), []

    @Scheduler.hook_cycle
    def plain(scheduler: Scheduler) -> None:
        said.append(f"plain {scheduler.n_cycles} {scheduler.session is session}")

    @Scheduler.hook_cycle()
    def around(scheduler: Scheduler) -> Iterator[None]:
        said.append("before")
        yield
        said.append("after")

    def ask(text: str) -> bool:
        said.append(text)
        return True

    @session.task(priority=5)
    def first() -> None: ...

    assert [task.name for task in Scheduler(session, 0, 0.0).tasks] == ["first"]
    assert InternalTasks(session, ask).run_cycle(["yes"], 7, 0.0, 60.0)["failures"] == []
    assert said == ["plain 7 True", "before", "yes", "after"]


def test_a_hook_that_raises_is_named_and_the_others_are_called() -> None:
    session, said = Session(), []

    @Scheduler.hook_startup
    def broken(scheduler: Scheduler) -> None:
        raise RuntimeError("broken")

    with pytest.raises(PolicyError, match="no plain function"):

        @Scheduler.hook_startup
        async def waits(scheduler: Scheduler) -> None: ...

    @Scheduler.hook_startup
    def twice(scheduler: Scheduler) -> Iterator[None]:
        said.append("twice")
        yield
        yield

    inner = InternalTasks(session, answered)
    begun = inner.run_hooks("startup", False, 0, 0.0)["failures"]
    assert [(kind, name.rpartition(".")[2]) for kind, name, _ in begun] == [("hook", "broken")]
    assert "RuntimeError: broken" in begun[0][2]
    assert said == ["twice"]
    ended = inner.run_hooks("startup", True, 0, 0.0)["failures"]
    assert ["more than one yield" in text for _, _, text in ended] == [True]
    (lost,) = inner.run_hooks("startup", True, 0, 0.0)["failures"]
    assert "the process that had begun it has ended" in lost[2]


def test_a_hook_that_is_late_is_named_before_its_yield_and_after_it() -> None:
    session = Session()

    @Scheduler.hook_startup
    def quick(scheduler: Scheduler) -> Iterator[None]:
        yield

    @Scheduler.hook_startup
    def late(scheduler: Scheduler) -> Iterator[None]:
        if scheduler.n_cycles:
            raise Stopped
        yield
        raise Stopped

    inner = InternalTasks(session, answered)
    assert inner.run_hooks("startup", False, 0, 0.0)["failures"] == []
    for rest in (True, False):
        ((_, name, why),) = inner.run_hooks("startup", rest, 1, 0.0)["failures"]
        assert name.endswith(".late")
        assert why == "it did not end in time"
