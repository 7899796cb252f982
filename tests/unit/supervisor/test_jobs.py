"""No background job ends unnoticed: it begins again, or its failure is recorded."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from rtd.common.errors import NoSuchRun, StoreError, StoreGone, StoreRefusal
from rtd.supervisor.core.jobs import Jobs
from tests.helpers.deadline import until_async

Scene = Callable[[Jobs, list[str]], Awaitable[Any]]


def play(scene: Scene) -> Jobs:
    """Play a scene with jobs, whose failures are in the list."""

    async def go() -> Jobs:
        jobs, heard = Jobs(), list[str]()
        asyncio.get_running_loop().set_exception_handler(jobs.on_loop_error)
        jobs.on_failure = lambda: heard.append("look again")
        await scene(jobs, heard)
        await jobs.stop()
        return jobs

    return asyncio.run(go())


@pytest.mark.parametrize(
    "error",
    [ValueError("odd"), StoreError("refused"), StoreRefusal("MISCONF"), OSError(28, "full")],
)
def test_a_lasting_job_that_raises_begins_again(error: Exception) -> None:
    async def scene(jobs: Jobs, heard: list[str]) -> None:
        begun = []

        async def work() -> None:
            begun.append("begun")
            if len(begun) < 3:
                raise error
            await asyncio.Event().wait()

        jobs.start_lasting(work, "a job")
        await until_async(lambda: len(begun) == 3)
        assert heard == ["look again"] * 2

    jobs = play(scene)
    named = [(failure.job, failure.times) for failure in jobs.failures]
    assert named == ([] if isinstance(error, StoreGone) else [("a job", 2)])


def test_a_lasting_job_that_returns_is_over() -> None:
    async def scene(jobs: Jobs, heard: list[str]) -> None:
        async def work() -> None:
            return None

        await jobs.start_lasting(work, "a job")
        assert not heard

    assert not play(scene).failures


def test_the_failure_of_any_other_job_is_told_with_its_place() -> None:
    async def scene(jobs: Jobs, heard: list[str]) -> None:
        async def work() -> None:
            raise ZeroDivisionError("by nought")

        await asyncio.wait([jobs.start(work(), "a job")])
        await until_async(lambda: heard)

    (failure,) = play(scene).failures
    assert failure.job == "a job"
    assert "ZeroDivisionError: by nought" in failure.message
    assert "test_jobs.py" in failure.message


def test_an_answer_for_a_client_is_no_failure() -> None:
    async def scene(jobs: Jobs, heard: list[str]) -> None:
        async def work() -> None:
            raise NoSuchRun("no such run")

        await asyncio.wait([jobs.start(work(), "a job")])
        await asyncio.sleep(0)
        assert not heard

    assert not play(scene).failures


def test_a_callback_of_the_loop_that_raises_is_a_failure() -> None:
    async def scene(jobs: Jobs, heard: list[str]) -> None:
        asyncio.get_running_loop().call_soon(int, "no number")
        await until_async(lambda: heard)

    (failure,) = play(scene).failures
    assert failure.job == "a callback"
