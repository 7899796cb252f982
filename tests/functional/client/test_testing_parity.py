"""A run by `rtd.testing` ends as the same run in a daemon: state, result, reason and note."""

import importlib
from pathlib import Path
from typing import Any

import pytest

from rtctl import Client, Run
from rtd.testing import TWorker, daemon_of, run_task

APP = """
import asyncio, datetime, decimal
from contextlib import contextmanager

import rtd
from rtd.arguments import FuncArg, Return


class Mark:
    def run_task(self, task, run, args, kwargs):
        if task.name == "uncalled":
            return
        if task.name == "skipped by middleware":
            raise rtd.Skip("not today")
        run(*args, **kwargs)

    async def run_task_async(self, task, run, args, kwargs):
        await run(*args, **kwargs)

    def process_outcome(self, task, *exc_info):
        if task.name == "cleared":
            task.result = "cleared"
            return True
        if task.name == "broken outcome":
            raise ValueError("in process_outcome")
        if task.name == "bad result":
            task.result = object()


session = rtd.Session(middleware=[Mark], parameters={"base": 5})


def declare(name, **options):
    return session.task(name=name, **options)


def raising(name, error, **options):
    def function():
        raise error

    declare(name, **options)(function)


class BadText(Exception):
    def __str__(self):
        raise ValueError


raising("own error", rtd.Error("own\\nsecond line"))
raising("exception", KeyError("k"))
raising("skip", rtd.Skip("nothing to do"))
raising("exit", SystemExit(3))
raising("cleared", ValueError("cleared"))
raising("bad text", BadText())
raising("base exception", GeneratorExit("odd"))
raising("retried in vain", ValueError("again"), retries=1, backoff="0s")
returning = {
    "unserialisable": {"a": [object()]},
    "too large": "x" * (2 << 20),
    "uncalled": 1,
    "skipped by middleware": 1,
    "broken outcome": 1,
    "bad result": 1,
}
for name, value in returning.items():
    declare(name)(lambda value=value: value)


@declare("value")
def value():
    day = datetime.date(2026, 1, 1)
    return {"t": (1, 2), "d": day, "x": decimal.Decimal("1.5"), "b": b"x"}


def broken():
    raise LookupError("no param")


@declare("parameter fails")
def parameter_fails(x=FuncArg(broken)):
    return x


@declare("never")
def never(): ...


@declare("return missing")
def return_missing(x=Return("never of these")):
    return x


declare("never of these", start_cond="false")(never)


@declare("session parameter")
def session_parameter(base):
    return base


@declare("retried", retries=2, backoff="0s")
def retried():
    if rtd.current_run().attempt < 2:
        raise ValueError("again")
    return rtd.current_run().attempt


@declare("coroutine", lane="async")
async def coroutine():
    await asyncio.sleep(0)
    return rtd.current_run().task


async def later():
    return 6


@declare("coroutine with a parameter", lane="async")
async def coroutine_with_a_parameter(x=FuncArg(later)):
    return x


@declare("coroutine fails", lane="async")
async def coroutine_fails():
    raise rtd.Error("no")


@declare("coroutine cancelled", lane="async")
async def coroutine_cancelled():
    raise asyncio.CancelledError


@declare("thread", lane="thread")
def thread():
    return rtd.current_run().headers


@declare("fresh", fresh=True)
def fresh():
    return 4


class Swallow(rtd.Task):
    NAME = "swallow"

    @staticmethod
    @contextmanager
    def provide_context():
        try:
            yield
        except ValueError:
            pass

    def start(self):
        raise ValueError("swallowed")


class NoContext(rtd.Task):
    NAME = "no context"

    @staticmethod
    def provide_context():
        return 5

    def start(self):
        return 1


class InitFails(rtd.Task):
    NAME = "init fails"

    def __init__(self):
        raise self.Error("init")

    def start(self):
        return 1


session.add_tasks(Swallow, NoContext, InitFails)
"""


def told(rt: Client, run: Run) -> dict[str, Any]:
    """What a client reads of the end of a run."""
    answer, shown = rt.rpc.result(run=run.id), rt.rpc.show(run=run.id)
    last = shown["attempts"][-1] if shown["attempts"] else None
    return {
        "state": answer["state"],
        "value": answer["value"],
        "why": answer["why"],
        "error": (answer["error"] or [None, None])[:2],
        "attempts": len(shown["attempts"]),
        "by": shown["row"]["by"],
        "note": None if last is None else last["note"],
    }


@pytest.mark.slow
def test_a_run_ends_in_this_process_as_in_a_daemon(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "both_ways.py").write_text(APP)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    session = importlib.import_module("both_ways").session
    names = [name for name in session.tasks if name != "command"]
    ends: list[dict[str, dict[str, Any]]] = []
    for place in (daemon_of("both_ways.py", only_submitted=True), TWorker(session)):
        with place, Client() as rt:
            runs = {name: rt.submit(name) for name in names}
            rt.wait(list(runs.values()), timeout=60)
            ends.append({name: told(rt, run) for name, run in runs.items()})
    in_daemon, in_process = ends
    assert in_process == in_daemon
    assert {end["state"] for end in in_daemon.values()} == {
        "succeeded", "error", "exception", "cancelled",
    }  # fmt: skip
    for name in names:
        done, end = run_task(name, session=session, retries=True), in_daemon[name]
        assert (done.state, done.result, done.why or None, done.note) == (
            end["state"], end["value"], end["why"], end["note"],
        )  # fmt: skip
        assert (done.error is None) == (end["state"] in ("succeeded", "cancelled"))
