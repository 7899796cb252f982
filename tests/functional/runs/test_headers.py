"""Headers: texts that travel with a run, in every lane and past every way of a submit."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest

from rtctl import AsyncClient, Client
from rtd.common.errors import BadRequest
from tests.helpers.daemon import Daemon, shared_daemon
from tests.helpers.running import client
from tests.helpers.source import PROGRAMS

HEADERS = {"request": "r-17", "traceparent": "00-4bf9-00f0-01"}
LANES = ("process", "fresh", "thread", "main", "coroutine")


@pytest.fixture(scope="module")
def daemon() -> Iterator[Daemon]:
    """A daemon with a task for each lane."""
    with shared_daemon("headed:session", cwd=PROGRAMS) as daemon:
        yield daemon


@pytest.fixture
def rt(daemon: Daemon) -> Iterator[Client]:
    with client(daemon) as found:
        yield found


@pytest.mark.parametrize("task", LANES)
def test_code_of_a_run_reads_its_headers_and_an_empty_dict_without(rt: Client, task: str) -> None:
    assert rt.task(task, headers=HEADERS).submit().result(timeout=20) == HEADERS
    assert rt.submit(task).result(timeout=20) == {}


def test_threads_of_the_run_read_them_too(rt: Client) -> None:
    run = rt.task("threads", headers=HEADERS).submit()
    assert run.result(timeout=20) == [HEADERS, HEADERS]


def test_a_command_finds_them_in_its_environment(daemon: Daemon) -> None:
    words = ("--header", "a=1=2", "--header", "b=", "--id", "one", "--wait")
    daemon.ok("submit", *words, "--", "sh", "-c", 'printf %s "$RTD_HEADERS"')
    assert json.loads(daemon.ok("logs", "one")) == {"a": "1=2", "b": ""}
    daemon.ok("run", "--id", "two", "--", "sh", "-c", 'printf %s "${RTD_HEADERS-none}"')
    assert daemon.ok("logs", "two") == "none"


def test_an_attempt_after_a_failure_and_a_run_made_by_retry_have_them_too(
    daemon: Daemon, rt: Client, tmp_path: Path
) -> None:
    run = rt.task("second", headers=HEADERS).submit(path=str(tmp_path / "once"))
    assert run.result(timeout=20) == HEADERS
    assert len(rt.rpc.show(run=run.id)["attempts"]) == 2
    again = rt.get(daemon.ok("retry", run.id, "--wait").split()[0])
    assert again.result(timeout=20) == HEADERS


def test_many_runs_have_the_headers_of_their_submit(rt: Client) -> None:
    runs = rt.task("process", headers=HEADERS).submit_many([{}] * 3)
    assert [run.result(timeout=20) for run in runs] == [HEADERS] * 3


def test_the_client_of_asyncio_sends_them(daemon: Daemon) -> None:
    async def submitted() -> Any:
        async with AsyncClient(daemon.socket) as rt:
            run = await rt.task("process", headers=HEADERS).submit()
            return await run.result(timeout=20)

    assert asyncio.run(submitted()) == HEADERS


def test_a_submit_with_headers_alone_needs_no_daemon_either(rt: Client) -> None:
    for number in range(3):
        headers = MappingProxyType({"number": str(number)})
        run = rt.task("process", headers=headers).submit()
        assert run.result(timeout=20) == dict(headers)
        used = bool(rt._submitter._direct_submitter._idle)
        assert used == (number > 0)
    assert rt.submit("process").result(timeout=20) == {}


def test_show_has_them_and_a_list_of_runs_does_not(daemon: Daemon, rt: Client) -> None:
    run = rt.task("process", headers={"token": "s3cret-header"}).submit().wait(timeout=20)
    assert json.loads(daemon.ok("show", run.id, "-j"))["headers"] == {"token": "s3cret-header"}
    assert '{"token": "s3cret-header"}' in daemon.ok("show", run.id)
    for listed in (daemon.ok("ls"), daemon.ok("ls", "-j")):
        assert run.id in listed
        assert "s3cret-header" not in listed


@pytest.mark.parametrize(
    ("headers", "why"),
    [
        (["a"], "headers are a map of texts"),
        ([("a", "b")], "headers are a map of texts, not [('a', 'b')]"),
        ({"a": [("b", "c")]}, "header 'a' is a text, not [('b', 'c')]"),
        ("", "headers are a map of texts"),
        ({"a": 1}, "header 'a' is a text, not 1"),
        ({1: "a"}, "the name of a header is a text, not 1"),
        ({"": "a"}, "the name of a header is a text, not ''"),
        ({"a": "x" * 4096}, "4,102 bytes, the limit is 4,096"),
    ],
)
def test_others_are_refused_with_one_line(rt: Client, headers: Any, why: str) -> None:
    rt.submit("process").wait(timeout=20)  # also where the daemon has offered the short way
    for options in ({"headers": headers}, {"headers": headers, "priority": 1}):
        with pytest.raises(BadRequest) as refused:
            rt.submit_with("process", {}, options)
        assert why in str(refused.value)
        assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["--header", "a"], "--header: 'a' is no NAME=VALUE"),
        (["--header", "=a"], "--header: '=a' is no NAME=VALUE"),
        (["--header", "a=1", "--header", "a=2"], "the header 'a' is given twice"),
    ],
)
def test_words_that_are_no_headers_are_refused(daemon: Daemon, words: list[str], why: str) -> None:
    done = daemon.rtctl("submit", "process", *words)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)
    assert why in done.stderr
