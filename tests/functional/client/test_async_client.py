"""`from rtctl import AsyncClient`: the same for asyncio."""

import asyncio
import re
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from rtctl import AsyncClient, DaemonUnreachable, RtdError, RunFailed, WaitTimeout
from rtd.common.errors import NoSuchRun, ParameterError
from tests.helpers.daemon import Daemon, DaemonMaker


def against(jobs: Daemon, work: Callable[[AsyncClient], Awaitable[None]]) -> None:
    """Run a coroutine with a client; it has to be done within 30 s."""

    async def main() -> None:
        async with AsyncClient(jobs.socket) as rt:
            await asyncio.wait_for(work(rt), 30)

    asyncio.run(main())


def test_what_cannot_be_submitted_among_many_is_named_as_the_caller_does(jobs: Daemon) -> None:
    async def work(rt: AsyncClient) -> None:
        wrong: Any
        for wrong, told in (
            ([{}, 5], "params[1] must be a dict, not 5"),
            ([{"value": 1}, {"value": object()}], "params[1].value cannot be stored"),
        ):
            with pytest.raises(RtdError, match=f"^{re.escape(told)}"):
                await rt.submit_many("echo", wrong)
        with pytest.raises(RtdError, match=r"^params\.value cannot be stored"):
            await rt.submit("echo", value=object())

    against(jobs, work)


def test_a_run_from_submit_to_result(jobs: Daemon) -> None:
    async def work(rt: AsyncClient) -> None:
        run = await rt.submit("add", a=40, b=2)
        await run.wait(timeout=20)
        assert (await run.state(), await run.result(), await run.error()) == (
            "succeeded",
            42,
            None,
        )
        failed = await (await rt.submit("refuse", why="too early")).wait(20)
        assert "too early" in str(await failed.error())
        with pytest.raises(RunFailed, match="too early"):
            await failed.result()

    against(jobs, work)


def test_many_calls_share_a_connection(jobs: Daemon, gate: Path) -> None:
    async def work(rt: AsyncClient) -> None:
        held = await rt.submit("hold", gate=str(gate))
        waiting = asyncio.create_task(held.wait(20))
        with pytest.raises(WaitTimeout):
            await held.result(timeout=0.05)
        with pytest.raises(WaitTimeout):
            await held.wait(timeout=0.05)

        async def one(number: int) -> Any:
            return await (await rt.submit("add", a=number)).result(timeout=20)

        assert await asyncio.gather(*map(one, range(10))) == list(range(10))
        assert not waiting.done()
        gate.touch()
        assert await (await waiting).result() == "released"

    against(jobs, work)


def test_logs_come_as_they_are_written(jobs: Daemon, gate: Path) -> None:
    async def work(rt: AsyncClient) -> None:
        run = await rt.submit("hold", gate=str(gate))
        seen = []
        async for line in run.logs(follow=True):
            seen.append(str(line))
            gate.touch()
        assert seen == ["holding", "released"]

    against(jobs, work)


def test_events_may_be_left_early(jobs: Daemon) -> None:
    async def work(rt: AsyncClient) -> None:
        run = await (await rt.submit("add", a=1)).wait(20)
        events = rt.events(follow=True, since="0-0")
        async for event in events:
            if event["run"] == run.id and event["state"] == "succeeded":
                break
        await events.aclose()
        assert (await rt.ping())["pid"]

    against(jobs, work)


def test_kill_cancel_retry_and_commands(jobs: Daemon) -> None:
    async def work(rt: AsyncClient) -> None:
        run = await rt.command("sh", "-c", "echo up; sleep 600")
        async for _ in run.logs(follow=True):
            break
        await run.kill(grace=0.2)
        assert await run.state() == "terminated"
        waiting = await rt.task("add", delay="1h").submit(a=1)
        await waiting.cancel()
        assert await waiting.state() == "cancelled"
        over = await (await rt.submit("add", a=5)).wait(20)
        assert await (await (await over.retry()).wait(20)).result() == 5

    against(jobs, work)


def test_many_runs_and_reading(jobs: Daemon) -> None:
    async def work(rt: AsyncClient) -> None:
        runs = await rt.task("echo", queue="aclient").submit_many({"value": n} for n in range(700))
        await rt.wait(runs, timeout=20)
        assert await runs[699].result() == 699
        assert len(await rt.ls(queue="aclient", limit=5)) == 5
        assert "aclient" in {queue["queue"] for queue in await rt.queues()}
        (row,) = await rt.pause_queue("aclient")
        assert row["paused"]
        await rt.resume_queue("aclient")
        assert {task["name"] for task in await rt.tasks()} >= {"add"}
        with pytest.raises(ParameterError):
            await rt.submit("add")
        with pytest.raises(NoSuchRun):
            await rt.get("nothing-of-this-kind")

    against(jobs, work)


def test_a_restart_of_the_daemon_is_survived(start_daemon: DaemonMaker) -> None:
    daemon = start_daemon()

    async def main() -> None:
        async with AsyncClient(daemon.socket, reconnect_s=20.0) as rt:
            before = (await rt.ping())["pid"]
            await asyncio.to_thread(daemon.stop)
            starting = asyncio.create_task(asyncio.to_thread(daemon.start))
            with pytest.raises(DaemonUnreachable):
                await AsyncClient("/nowhere/rtd.sock").ping()
            await starting
            assert (await rt.ping())["pid"] != before
            assert await (await (await rt.command("true")).wait(20)).state() == "succeeded"

    asyncio.run(main())


def test_a_client_outlives_its_event_loop(jobs: Daemon) -> None:
    rt = AsyncClient(jobs.socket)

    async def one() -> Any:
        return await (await rt.submit("add", a=1)).result(timeout=20)

    assert [asyncio.run(asyncio.wait_for(one(), 30)) for _ in range(2)] == [1, 1]
    loop = asyncio.new_event_loop()
    assert loop.run_until_complete(one()) == 1

    async def in_two_loops() -> None:
        with pytest.raises(RuntimeError, match="in use in another event loop"):
            await asyncio.to_thread(asyncio.run, one())

    loop.run_until_complete(in_two_loops())
    assert asyncio.run(one()) == 1  # the other loop is there, and does not run
    loop.run_until_complete(rt.aclose())
    loop.close()
