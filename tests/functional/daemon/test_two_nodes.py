"""Two daemons of one app on one Redis: what is said to one of them counts for both."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from rtd.store.embedded.server import EmbeddedRedis
from tests.helpers.daemon import Daemon, DaemonMaker
from tests.helpers.deadline import until
from tests.helpers.running import client, executors
from tests.helpers.source import PROGRAMS


@pytest.fixture
def nodes(
    start_daemon: DaemonMaker, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[list[Daemon]]:
    """Two nodes, each of which carries out one run at a time."""
    redis = EmbeddedRedis(tmp_path_factory.mktemp("r"))
    redis.start()
    found = []
    for name in ("one", "two"):
        flags = ["--set", f"redis={redis.url}", "--set", f"node={name}"]
        flags += ["--set", "lanes.process.max=1", "--set", "stop_grace=2s"]
        env = {"SHARED_NODE": name}
        found.append(start_daemon("shared:session", cwd=PROGRAMS, env=env, flags=flags))
    yield found
    for daemon in found:
        daemon.stop()
    redis.stop()


def beats(daemon: Daemon) -> bool:
    """Whether `beat` goes on starting, as this node sees it."""
    with client(daemon) as rt:
        return bool(rt.rpc.tasks(task="beat")["tasks"][0]["enabled"])


def test_waiters_and_dependent_tasks_hear_of_runs_of_the_other_node(
    nodes: list[Daemon], gate: Path
) -> None:
    one, two = nodes
    one.ok("disable", "beat")
    with client(one) as here, client(two) as there:
        held = here.submit("hold", gate=str(gate))
        until(lambda: any(on["run"] == held.id for rt in (here, there) for on in executors(rt)),
              what="one of them has it")  # fmt: skip
        # The other node is free: it takes runs that either node created.
        for rt in (here, there):
            run = rt.submit("where")
            carried_out = run.wait(timeout=20).result
            after = until(lambda: rt.ls(task="follows", limit=1), what="`follows`")  # noqa: B023
            until(lambda: after[0].refresh().state == "succeeded", what="its end")  # noqa: B023
            assert here.get(run.id).wait(timeout=20).result == carried_out
            assert there.get(run.id).wait(timeout=20).result == carried_out
        gate.touch()
        assert {held.wait(timeout=20).result, carried_out} == {"one", "two"}
        runs = until(lambda: len(here.ls(task="follows")) == 2 and here.ls(task="follows"),
                     what="one for each")  # fmt: skip
        assert {run.state for run in runs} <= {"queued", "running", "succeeded"}


def test_a_task_that_is_disabled_on_one_node_starts_on_none(nodes: list[Daemon]) -> None:
    one, two = nodes
    with client(one) as rt:
        until(lambda: len(rt.ls(task="beat")) > 2, what="some beats")
        for on, off, word in ((one, two, "beat"), (two, one, "--all")):
            on.ok("disable", word)
            until(lambda: not beats(off), what="the other node heard of it")  # noqa: B023
            until(lambda: not rt.ls(task="beat", state=["queued", "running"]), what="the last")
            off.ok("enable", word)
            until(lambda: beats(on), what="the other node heard of it")  # noqa: B023
            last = rt.ls(task="beat", limit=1)[0].id
            until(lambda: rt.ls(task="beat", limit=1)[0].id > last, what="it goes on")  # noqa: B023
