"""Conditions whose value is the result of a task: what becomes of them when its runs fail."""

from pathlib import Path

import pytest

from rtctl import Client
from tests.helpers.daemon import Daemon, DaemonMaker
from tests.helpers.deadline import until
from tests.helpers.running import client

APP = """
import os, time
from pathlib import Path
from rtd import Session
from rtd.conditions import TaskCond
session = Session(config={config})

@TaskCond(syntax="data ready", start_cond="every 50 ms", timeout=5)
def ready():
    said = Path("said").read_text()
    if said == "raise":
        raise RuntimeError("no such table")
    if said == "exit":
        os._exit(3)
    while Path("said").read_text() == "hang":
        time.sleep(0.01)
    return said == "yes"

@session.task(start_cond="every 50 ms & data ready")
def load():
    pass
"""
TASK = "_condition-ready"


@pytest.fixture
def start(start_daemon: DaemonMaker, tmp_path: Path) -> DaemonMaker:
    """Starts the daemon, with these settings of the session, and a first word for `ready`."""

    def begin(said: str, **config: object) -> Daemon:
        (tmp_path / "app.py").write_text(APP.format(config=config))
        (tmp_path / "said").write_text(said)
        return start_daemon("app.py", cwd=tmp_path)

    return begin


def faults(rt: Client) -> dict[tuple[str, str], str]:
    return {(row["kind"], row["what"]): row["message"] for row in rt.rpc.status()["faults"]}


def state(rt: Client) -> str:
    return str(rt.rpc.status()["schedule"]["state"])


@pytest.mark.parametrize(
    ("said", "why"), [("raise", "RuntimeError: no such table"), ("exit", "exit")]
)
def test_a_run_that_fails_is_a_fault_of_the_condition_and_its_last_result_counts(
    start: DaemonMaker, tmp_path: Path, said: str, why: str
) -> None:
    with client(start("yes")) as rt:
        until(lambda: rt.ls(task="load", state="succeeded"), what="a run of `load`")
        assert faults(rt) == {}
        (tmp_path / "said").write_text(said)
        message = until(lambda: faults(rt).get(("condition", "data ready")), what="the fault")
        assert message is not None
        assert message.startswith(f"task '{TASK}': ")
        assert why in message
        before = rt.ls(task="load", limit=1)[0].id
        until(lambda: rt.ls(task="load", limit=1)[0].id > before, what="another run of `load`")
        assert state(rt) == "going"


def test_where_conditions_are_not_silenced_it_halts_the_schedule(
    start: DaemonMaker, tmp_path: Path
) -> None:
    daemon = start("raise", silence_cond_check=False)
    with client(daemon) as rt:
        until(lambda: state(rt) == "halted", what="the halt")
        assert "condition data ready" in daemon.rtctl("why", "load").stdout
        (tmp_path / "said").write_text("yes")
        daemon.ok("enable", "--all")
        until(lambda: rt.ls(task="load", state="succeeded"), what="a run of `load`")
        assert state(rt) == "going"


def test_a_run_that_a_user_kills_is_no_fault(start: DaemonMaker, tmp_path: Path) -> None:
    with client(start("hang", silence_cond_check=False)) as rt:
        run = until(lambda: rt.ls(task=TASK, state="running"), what="it hangs")[0]
        run.kill()
        assert run.wait(timeout=20).state == "terminated"
        (tmp_path / "said").write_text("raise")
        until(lambda: faults(rt), what="the fault of the next one")
        assert "no such table" in faults(rt)["condition", "data ready"]
