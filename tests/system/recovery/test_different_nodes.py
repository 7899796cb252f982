"""Daemons on one Redis that do not have the same tasks, and conditions that each evaluates."""

import itertools
from collections.abc import Callable
from pathlib import Path

import pytest

from rtd.common.ids import time_of
from tests.helpers.daemon import Daemon, DaemonMaker
from tests.helpers.deadline import until
from tests.helpers.external import ExternalRedis
from tests.helpers.running import client
from tests.helpers.source import PROGRAMS

#: Starts a node with a name and an app.
NodeMaker = Callable[..., Daemon]


@pytest.fixture
def start_node(start_daemon: DaemonMaker, external: ExternalRedis) -> NodeMaker:
    """Starts nodes on one Redis, each of which carries out one run at a time."""

    def start(name: str, app: str | None = "shared:session", hooks: str = "/dev/null") -> Daemon:
        flags = ["--redis", external.url, "--set", f"node={name}"]
        flags += ["--set", "lanes.process.max=1", "--set", "stop_grace=2s"]
        return start_daemon(
            app, cwd=PROGRAMS, env={"SHARED_NODE": name, "SHARED_HOOKS": hooks}, flags=flags
        )

    return start


def test_the_hooks_of_a_node_run_in_its_own_app(start_node: NodeMaker, tmp_path: Path) -> None:
    hooks = tmp_path / "hooks"
    names = [f"node{n}" for n in range(4)]

    def ran() -> list[str]:
        return hooks.read_text().split() if hooks.exists() else []

    for count, name in enumerate(names, 1):  # those of the earlier ones are idle
        start_node(name, hooks=str(hooks))
        until(lambda count=count: len(ran()) >= count, what="another hook")
    assert ran() == names


def test_a_relative_condition_comes_due_once_for_all_nodes(start_node: NodeMaker) -> None:
    nodes = [start_node("one"), start_node("two")]
    with client(nodes[0]) as rt:
        until(lambda: len(rt.ls(task="beat")) > 20, what="some beats")
        for daemon in nodes:  # each decides at once, by its own clock
            daemon.ok("disable", "beat")
            daemon.ok("enable", "beat")
        until(lambda: len(rt.ls(task="beat", limit=100)) > 50, what="more beats")
        dues = sorted(round(time_of(run.id) * 1000) for run in rt.ls(task="beat", limit=100))
    steps = [later - due for due, later in itertools.pairwise(dues)]
    assert min(steps) >= 49, steps  # the ids hold whole milliseconds


@pytest.mark.parametrize("app", [None, "elsewhere:session"])
def test_a_node_without_a_task_does_not_stop_its_schedule(
    start_node: NodeMaker, app: str | None
) -> None:
    one = start_node("one")
    with client(one) as rt:
        until(lambda: len(rt.ls(task="beat")) > 2, what="some beats")
        start_node("two", app)
        last = rt.ls(task="beat", limit=1)[0].id
        until(lambda: sum(run.id > last for run in rt.ls(task="beat")) > 20, what="more beats")


@pytest.mark.parametrize("app", [None, "elsewhere:session"])
def test_a_run_is_carried_out_by_a_node_that_has_its_task(
    start_node: NodeMaker, app: str | None
) -> None:
    one = start_node("one")
    two = start_node("two", app)
    with client(one) as rt, client(two) as other:
        one.ok("disable", "beat")
        until(lambda: not rt.ls(task="beat", state=["queued", "running"]), what="the last beat")
        # The other node takes some of them first: its executor is as idle as this one's.
        runs = [rt.submit("where") for _ in range(20)]
        assert {run.wait(timeout=20).result() for run in runs} == {"one"}
        assert other.command("true").wait(timeout=20).state == "succeeded"
        assert not rt.ls(state=["error", "exception"])


def test_a_node_says_that_a_run_waits_for_a_node_with_its_task(
    start_node: NodeMaker, tmp_path: Path
) -> None:
    one, two = start_node("one"), start_node("two", "elsewhere:session")
    gate = tmp_path / "gate"
    with client(one) as rt:
        one.ok("disable", "beat")
        rt.submit("hold", gate=str(gate))
        until(lambda: rt.ls(task="hold", state="running"), what="the only executor is taken")
        run = rt.submit("where")
        until(
            lambda: "waits for lane process of a node that has its task" in two.ok("show", run.id),
            what="the other node has declined it",
        )
        gate.touch()
        assert run.wait(timeout=20).result() == "one"
