"""For conditions of other tasks a task runs, and has started, once an executor has a run."""

from pathlib import Path
from typing import Any

import pytest

from rtctl import Client
from tests.helpers.daemon import Daemon, DaemonMaker
from tests.helpers.deadline import until
from tests.helpers.running import client, restart_supervisor, until_running

APP = """
import time
from pathlib import Path
from rtd import Session

session = Session()

@session.task(queue="slow", execution="thread")
def x(gate):
    while not Path(gate).exists():
        time.sleep(0.01)

@session.task(end_cond="task 'x' is running", stop_grace="1s")
def victim():
    time.sleep(60)

@session.task(end_cond="running past 1 second", stop_grace="1s")
def control():
    time.sleep(60)

@session.task(start_cond="task 'x' is running & ~has started", execution="thread")
def beside(): ...

@session.task(start_cond="task 'x' has started & ~has started", execution="thread")
def later(): ...

@session.task(start_cond="every 50 ms", execution="thread")
def beat(): ...
"""


@pytest.fixture
def app(start_daemon: DaemonMaker, tmp_path: Path) -> Daemon:
    path = tmp_path / "app.py"
    path.write_text(APP)
    return start_daemon(str(path))


def holds(rt: Client, task: str) -> bool:
    """Return whether the condition of a task is true."""
    return bool(rt.rpc.why(task=task)["tree"]["value"])


def ends_are_looked_at(rt: Client) -> None:
    """Wait until end conditions have been looked at, those of runs that began before, too."""
    run = rt.submit("control")
    until(lambda: rt.get(run.id).state == "terminated", what="the end of `control`")


def beats(rt: Client) -> None:
    """Wait until the schedule has been looked at again and again."""
    last = max((run.id for run in rt.ls(task="beat", limit=5)), default="")
    until(lambda: sum(run.id > last for run in rt.ls(task="beat", limit=5)) > 2, what="beats")


@pytest.mark.parametrize("restarted", [False, True], ids=["", "over a restart"])
def test_a_run_that_waits_has_not_started_for_others(
    app: Daemon, gate: Path, restarted: bool
) -> None:
    with client(app) as rt:
        rt.rpc.queue_pause(queues=["slow"])
        victim = until_running(rt.submit("victim"))
        run = rt.submit("x", gate=str(gate))
    if restarted:
        restart_supervisor(app)
    with client(app) as rt:
        beats(rt)
        assert [rt.ls(task=task) for task in ("beside", "later")] == [[], []]
        assert not holds(rt, "beside")
        ends_are_looked_at(rt)
        assert rt.get(victim.id).state == "running"
        rt.rpc.queue_resume(queues=["slow"])
        until(lambda: rt.get(victim.id).state == "terminated", what="the end of `victim`")
        for task in ("beside", "later"):
            until(lambda task=task: rt.ls(task=task), what=f"`{task}`")  # type: ignore[misc]
    if restarted:
        restart_supervisor(app)
    with client(app) as rt:
        assert "x has been running since" in str(rt.rpc.why(task="beside")["tree"])
        gate.touch()
        rt.get(run.id).wait(timeout=20)
        until(lambda: "x is not running" in str(rt.rpc.why(task="beside")["tree"]), what="its end")


def test_a_run_that_is_withdrawn_has_never_started(app: Daemon, gate: Path) -> None:
    with client(app) as rt:
        rt.rpc.queue_pause(queues=["slow"])
        rt.submit("x", gate=str(gate)).cancel()
        beats(rt)
        assert rt.ls(task="later") == []
        assert not holds(rt, "later")


def test_a_delayed_run_is_running_once_it_has_begun(app: Daemon, gate: Path) -> None:
    def tree(rt: Client) -> Any:
        return rt.rpc.why(task="beside")["tree"]

    with client(app) as rt:
        run = rt.rpc.submit(task="x", many=[{"gate": str(gate)}], options={"delay": 0.3})
        until(lambda: "x has been running since" in str(tree(rt)), what="it runs")
        gate.touch()
        rt.get(run["ids"][0]).wait(timeout=20)
        until(lambda: "x is not running" in str(tree(rt)), what="its end")


def test_the_same_holds_for_an_end_condition_that_the_app_does_not_have_any_more(
    app: Daemon, gate: Path, tmp_path: Path
) -> None:
    with client(app) as rt:
        victim = until_running(rt.submit("victim"))
        path = tmp_path / "app.py"
        kept = APP.replace("end_cond=\"task 'x' is running\", ", "")
        kept = kept.replace("start_cond=\"task 'x' has started & ~has started\", ", "")
        path.write_text(kept.replace("start_cond=\"task 'x' is running & ~has started\", ", ""))
        rt.rpc.reload()
        rt.rpc.queue_pause(queues=["slow"])
        rt.submit("x", gate=str(gate))
        ends_are_looked_at(rt)
        assert rt.get(victim.id).state == "running"
        rt.rpc.queue_resume(queues=["slow"])
        until(lambda: rt.get(victim.id).state == "terminated", what="the end of `victim`")
        gate.touch()
