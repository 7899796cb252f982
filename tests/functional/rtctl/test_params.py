"""rtctl params: the parameters of tasks, read and changed while the daemon runs."""

import asyncio
import json
import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from rtctl import AsyncClient, Client
from rtd.common.errors import NoSuchParameter
from tests.helpers.daemon import Daemon, DaemonMaker, shared_daemon
from tests.helpers.deadline import until
from tests.helpers.source import PROGRAMS


@pytest.fixture(scope="module")
def shared() -> Iterator[Daemon]:
    """A daemon with the app of `tests/programs/filled.py`."""
    with shared_daemon("filled:session", cwd=PROGRAMS, env={"FILLED_HOME": "/home/x"}) as daemon:
        yield daemon
        log = daemon.log.read_text()
    assert "82647193" not in log
    assert "s3cret" not in log


@pytest.fixture
def filled(shared: Daemon) -> Iterator[Daemon]:
    """Yield that daemon; unset all parameters afterwards."""
    yield shared
    with Client(shared.socket) as client:
        for row in client.parameters():
            if row["is_set"]:
                client.unset_parameter(row["name"], row["task"])


def result(daemon: Daemon, task: str) -> object:
    with Client(daemon.socket) as client:
        return client.submit(task).wait(20).result()


def test_all_are_listed_with_where_their_values_come_from(filled: Daemon) -> None:
    lines = filled.ok("params").splitlines()
    assert lines[0].split() == ["PARAMETER", "TASK", "VALUE", "FROM"]
    found = {tuple(line.split()[:2]): line for line in lines[1:]}
    assert "(friend_list())" in found["friend_list", "-"]
    assert "(result of get_data)" in found["mydata", "process_data"]
    assert "(environment variable FILLED_HOME)" in found["home", "in_main"]
    assert "[1, 2]" in found["limits", "-"]
    assert "******" in found["secret", "secretive"]
    assert json.loads(filled.ok("params", "get", "region", "-j"))["value"] == "north"


def test_the_parameters_of_one_task_are_listed(filled: Daemon) -> None:
    assert filled.ok("params", "-q", "--task", "own").split() == ["limits", "list", "region"]
    assert filled.ok("params", "-q", "-t", "get_data") == ""


def test_a_value_is_set_for_the_next_run_and_taken_back(filled: Daemon) -> None:
    filled.ok("params", "set", "region=south east", "limits:=[9]")
    assert filled.ok("params", "get", "region") == "south east\n"
    assert result(filled, "in_main") == ["/home/x", "south east"]
    assert result(filled, "in_thread") == "anna of south east"
    assert result(filled, "own") == ["south", [1, 2], [9, 3]]
    filled.ok("params", "set", "region", "Åland", "--task", "own")
    assert result(filled, "own") == ["Åland", [1, 2], [9, 3]]
    filled.ok("params", "unset", "region", "limits")
    filled.ok("params", "unset", "region", "--task", "own")
    assert result(filled, "own") == ["south", [1, 2], [1, 2, 3]]


def test_in_place_of_a_function_a_result_or_a_variable(filled: Daemon) -> None:
    filled.ok("params", "set", 'friend_list:=["bo"]')
    assert result(filled, "in_thread") == "bo"
    filled.ok("params", "set", "mydata=x", "-t", "process_data")
    assert result(filled, "process_data") == "x"
    filled.ok("params", "set", "broken:=null")
    filled.ok("params", "set", "slept=x")
    with Client(filled.socket) as client:
        assert client.submit("unlucky").wait(20).row["why"].startswith("AssertionError")


def test_completion_knows_their_names(filled: Daemon) -> None:
    def complete(*words: str) -> list[str]:
        return filled.ok("complete", "--", *words).split()

    assert complete("params", "") == ["get", "ls", "set", "unset"]
    assert complete("params", "get", "re") == ["region"]
    assert complete("params", "set", "re") == ["region="]


def test_private_values_are_never_shown(filled: Daemon) -> None:
    assert result(filled, "secretive") is True
    filled.ok("params", "set", "token=s3cret2")
    filled.ok("params", "set", 'secret:={"pin": 826471930}', "--task", "secretive")
    assert result(filled, "secretive") == "s3cret2"
    run = filled.ok("submit", "secretive", "secret=826471932", "token=s3cret3", "--wait").strip()
    shown = "".join(
        filled.ok(*words)
        for words in (
            ("params",), ("params", "-j"), ("params", "get", "token"),
            ("params", "set", "token=s3cret4"), ("params", "unset", "token", "-j"),
            ("show", run), ("show", run, "-j"), ("ls", "-o", "wide"), ("ls", "-j"),
            ("events", "-j"), ("tasks", "secretive"), ("tasks", "-j"),
        )
    )  # fmt: skip
    assert "******" in shown
    # What a task returns is its own affair.
    shown = re.sub(r'^result +"s3cret3"$', "", shown, count=1, flags=re.MULTILINE)
    shown = shown.replace('"result": "s3cret3"', "", 1)
    assert "s3cret" not in shown
    assert "82647193" not in shown


def test_processes_that_rtd_ended_show_no_private_values(filled: Daemon) -> None:
    run = filled.ok("submit", "careless", "--wait").strip()
    assert re.search(r"^ended \d+ sleep: SIGKILL$", filled.ok("show", run), re.MULTILINE)
    assert "82647193" not in filled.ok("show", run, "-j")


def test_a_condition_looks_at_the_value_as_it_is_set(filled: Daemon) -> None:
    assert "is 'north'" in filled.ok("why", "eastern").replace('"', "'")
    filled.ok("params", "set", "region=east")
    with Client(filled.socket) as client:
        until(lambda: bool(client.ls("eastern", "succeeded")), within_s=10, what="eastern has run")
        assert client.ls("eastern", "succeeded")[0].result() == "east"


def test_an_undeclared_parameter_is_refused_with_the_nearest(filled: Daemon) -> None:
    for words, told in (
        (["set", "regoin=x"], "did you mean 'region'?"),
        (["get", "mydata"], "name the task"),
        (["unset", "limits", "--task", "own"], "it is the session's: leave out the task"),
        (["set", "x=1", "--task", "nobody"], "there is no task 'nobody'"),
    ):
        done = filled.rtctl("params", *words)
        assert (done.returncode, done.stdout, done.stderr.count("\n")) == (5, "", 1)
        assert told in done.stderr
    assert filled.rtctl("params", "st").returncode == 2
    assert filled.rtctl("params", "set", "region").returncode == 2
    assert filled.rtctl("params", "set", "region:={").returncode == 2


def test_python_clients_read_and_set_them(filled: Daemon) -> None:
    with Client(filled.socket) as client:
        row = client.set_parameter("region", date(2026, 1, 31))
        assert (row["value"], row["is_set"]) == (date(2026, 1, 31), True)
        assert client.submit("in_main").wait(20).result() == ["/home/x", date(2026, 1, 31)]
        with pytest.raises(NoSuchParameter):
            client.set_parameter("region", 1, task="in_main")

    async def unset() -> None:
        async with AsyncClient(filled.socket) as client:
            await client.set_parameter("region", "x")
            assert (await client.unset_parameter("region"))["value"] == "north"
            rows = await client.parameters(task="in_main")
            assert [row["name"] for row in rows] == ["home", "place"]

    asyncio.run(unset())


def test_values_and_results_outlive_a_restart(start_daemon: DaemonMaker) -> None:
    daemon = start_daemon("filled:session", cwd=PROGRAMS, flags=["--set", "history=1"])
    daemon.ok("params", "set", "region=west")
    daemon.ok("submit", "get_data", "data:=[1, 2]", "--wait")
    for _ in range(3):
        daemon.rtctl("submit", "get_data", "wrong=1", "--wait")
    assert daemon.stop() == 0
    daemon.start()
    assert result(daemon, "process_data") == [1, 2]
    assert daemon.ok("params", "get", "region") == "west\n"


def test_a_parameter_that_is_declared_no_more_can_still_be_unset(
    start_daemon: DaemonMaker, tmp_path: Path
) -> None:
    app = tmp_path / "app.py"
    head = "from rtd import Session\nsession = Session(parameters={%s})\n"
    task = "@session.task(parameters={'mine': 1})\ndef work(mine, x=0): return [mine, x]\n"
    app.write_text(head % "'x': 1" + task)
    daemon = start_daemon(str(app))
    daemon.ok("params", "set", "x=s3cret")
    app.write_text(head % "" + task)
    daemon.ok("reload")
    assert result(daemon, "work") == [1, 0]
    lines = daemon.ok("params").splitlines()[1:]
    assert [line.split() for line in lines] == [
        ["x", "-", "******", "rtctl"],
        ["mine", "work", "1", "app"],
    ]
    assert daemon.rtctl("params", "set", "x=2").returncode == 5
    daemon.ok("params", "unset", "x")
    assert len(daemon.ok("params").splitlines()) == 2
    assert daemon.rtctl("params", "unset", "x").returncode == 5


def test_a_large_result_is_passed_on_whole(filled: Daemon) -> None:
    with Client(filled.socket) as client:
        text = "x" * 900_000
        client.submit("get_data", data=text).wait(20)
        assert client.submit("in_fresh").wait(20).result()[1] == text
        assert client.submit("get_data").wait(20).result() is None
