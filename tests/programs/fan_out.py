"""An app whose runs submit runs and wait for them."""

import asyncio
import time
from pathlib import Path

from rtctl import AsyncClient, Client
from rtd import Error, Session, current_run

session = Session()


@session.task()
def leaf(number: int = 0) -> int:
    """Give back a number."""
    return number


@session.task()
def stay(gate: str) -> str:
    """Stay until a file is there."""
    while not Path(gate).exists():
        time.sleep(0.01)
    return "released"


@session.task(retries=1, backoff="1s")
def flaky(gate: str) -> str:
    """Fail at the first attempt."""
    if current_run().attempt == 1:
        raise Error("once")
    return stay(gate)


@session.task(fresh=True)
def leaf_fresh(number: int = 0) -> int:
    """Give back a number, in lane `fresh`."""
    return number


@session.task(lane="thread")
def leaf_thread(number: int = 0) -> int:
    """Give back a number, in lane `thread`."""
    return number


@session.task(lane="async")
async def leaf_async(number: int = 0) -> int:
    """Give back a number, in lane `async`."""
    return number


@session.task(lane="main")
def leaf_main(number: int = 0) -> int:
    """Give back a number, in lane `main`."""
    return number


def _collect(task: str, count: int, how: str) -> int:
    with Client() as rt:
        runs = rt.submit_many(task, [{"number": n} for n in range(count)])
        if how == "completed":
            return sum(run.result() for run in rt.as_completed(runs))
        if how == "results":
            return sum(rt.results(runs))
        return sum(run.result() for run in runs)


@session.task()
def parent(count: int = 3, task: str = "leaf", how: str = "result") -> int:
    """Wait for children in lane `process`."""
    return _collect(task, count, how)


@session.task(fresh=True)
def parent_fresh(count: int = 3, task: str = "leaf_fresh", how: str = "result") -> int:
    """Wait for children in lane `fresh`."""
    return _collect(task, count, how)


@session.task(lane="thread")
def parent_thread(count: int = 3, task: str = "leaf_thread", how: str = "result") -> int:
    """Wait for children in lane `thread`."""
    return _collect(task, count, how)


@session.task(lane="main")
def parent_main(task: str = "leaf_main", how: str = "result") -> int:
    """Wait for children in the same lane, which has one executor."""
    return _collect(task, 1, how)


@session.task(lane="async")
async def parent_async(count: int = 3, how: str = "result") -> int:
    """Wait for children in lane `async`."""
    async with AsyncClient() as rt:
        runs = await rt.submit_many("leaf_async", [{"number": n} for n in range(count)])
        if how == "completed":
            return sum([await run.result() async for run in rt.as_completed(runs)])
        if how == "results":
            return sum(await rt.results(runs))
        return sum(await asyncio.gather(*(run.result() for run in runs)))


@session.task(max_concurrency=1)
def alone(depth: int = 1) -> int:
    """Wait for a run of the same task, of which one goes on at a time."""
    if not depth:
        return 0
    with Client() as rt:
        return 1 + rt.submit("alone", depth=depth - 1).result()


@session.task()
def nested(depth: int) -> int:
    """Wait for a run of the same task, so many levels deep."""
    if not depth:
        return 0
    with Client() as rt:
        return 1 + rt.submit("nested", depth=depth - 1).result()


@session.task()
def wait_for(run: str) -> str:
    """Wait for any run."""
    with Client() as rt:
        return rt.wait(run)[0].state
