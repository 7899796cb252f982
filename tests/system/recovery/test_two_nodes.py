"""Two daemons of one app on one Redis: what is said to one of them counts for both."""

import contextlib
import json
import os
import re
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from rtd.store.connection.blocking import RedisConnection
from rtd.store.connection.command import RedisCommand
from rtd.store.embedded.server import EmbeddedRedis
from tests.helpers.daemon import Daemon, DaemonMaker
from tests.helpers.deadline import until
from tests.helpers.external import ExternalRedis
from tests.helpers.processes import kill_marked
from tests.helpers.running import client, executors
from tests.helpers.source import PROGRAMS


def start_nodes(start_daemon: DaemonMaker, redis_url: str, *settings: str) -> list[Daemon]:
    """Start the nodes `one` and `two` on one Redis, each with one executor at most."""
    found = []
    for name in ("one", "two"):
        flags = []
        for setting in (f"redis={redis_url}", f"node={name}", "lanes.process.max=1", *settings):
            flags += ["--set", setting]
        env = {"SHARED_NODE": name}
        found.append(start_daemon("shared:session", cwd=PROGRAMS, env=env, flags=flags))
    return found


@pytest.fixture
def nodes(
    start_daemon: DaemonMaker, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[list[Daemon]]:
    """Two nodes, each of which carries out one run at a time."""
    redis = EmbeddedRedis(tmp_path_factory.mktemp("r"))
    redis.start()
    found = start_nodes(start_daemon, redis.url, "stop_grace=2s")
    yield found
    for daemon in found:
        daemon.stop()
    redis.stop()


def connection_lists(external: ExternalRedis) -> int:
    """Return how many times a client has listed the connections: a node does so when another has
    had no claim for long."""
    with contextlib.closing(RedisConnection.connect(external.url)) as link:
        stats: bytes = link.execute(RedisCommand(("INFO", "commandstats")))
    found = re.search(rb"cmdstat_client[|]list:calls=(\d+)", stats)
    return int(found[1]) if found else 0


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
            carried_out = run.wait(timeout=20).result()
            after = until(lambda: rt.ls(task="follows", limit=1), what="`follows`")  # noqa: B023
            until(lambda: after[0].refresh().state == "succeeded", what="its end")  # noqa: B023
            assert here.get(run.id).wait(timeout=20).result() == carried_out
            assert there.get(run.id).wait(timeout=20).result() == carried_out
        gate.touch()
        assert {held.wait(timeout=20).result(), carried_out} == {"one", "two"}
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
            until(lambda: rt.ls(task="beat", limit=1)[0].id > last, what="it continues")  # noqa: B023


def test_a_full_node_passes_its_demand_to_one_without_executors(
    start_daemon: DaemonMaker, external: ExternalRedis, gate: Path
) -> None:
    settings = ("lanes.process.min=0", "lanes.process.idle=200ms")
    one, two = start_nodes(start_daemon, external.url, *settings)
    with client(one) as here, client(two) as there:
        one.ok("disable", "beat")
        held = here.submit("hold", gate=str(gate))
        until(lambda: held.refresh().state == "running", what="it runs")
        assert executors(here)
        for _ in range(3):  # between them the other node's executor ends
            assert here.submit("where").wait(timeout=20).result() == "two"
            until(lambda: not executors(there), what="idle executors end")
        gate.touch()
        assert held.wait(timeout=20).result() == "one"


@pytest.fixture
def short_nodes(start_daemon: DaemonMaker, external: ExternalRedis) -> list[Daemon]:
    """Two nodes of an app on one Redis."""
    return start_nodes(start_daemon, external.url)


@pytest.mark.slow
def test_the_runs_of_a_node_that_died_go_on_elsewhere(
    short_nodes: list[Daemon], gate: Path
) -> None:
    one, two = short_nodes
    with client(one) as here, client(two) as there:
        one.ok("disable", "beat")
        again = here.task("hold", on_lost="requeue").submit(gate=str(gate))
        lost = here.task("hold").submit(gate=str(gate))
        until(lambda: executors(here)[0]["run"] and executors(there)[0]["run"], what="both run")
        on_one = executors(here)[0]["run"]
    kill_marked(one.mark)  # the whole node, as when a host dies
    gate.touch()
    with client(two) as there:
        states = [there.get(run.id).wait(timeout=60).state for run in (again, lost)]
        assert states == ["succeeded", "lost" if on_one == lost.id else "succeeded"]
        assert there.get(again.id).result() == "two"
        assert there.submit("where").wait(timeout=20).result() == "two"


@pytest.mark.slow
def test_executors_whose_supervisor_alone_died_keep_their_runs(
    short_nodes: list[Daemon], external: ExternalRedis, gate: Path
) -> None:
    one, two = short_nodes
    with client(one) as here, client(two) as there:
        one.ok("disable", "beat")
        runs = [here.task("hold", on_lost="requeue").submit(gate=str(gate)) for _ in range(2)]
        until(lambda: executors(here)[0]["run"] and executors(there)[0]["run"], what="both run")
    assert one.process is not None
    one.process.kill()
    one.process.wait()
    with client(two) as there:
        before = connection_lists(external)
        until(
            lambda: connection_lists(external) > before + 1,
            within_s=90,
            what="the other node has looked twice for connections of the dead node's executors",
        )
        gate.touch()
        results = {there.get(run.id).wait(timeout=20).result() for run in runs}
        assert results == {"one", "two"}
        attempts = [len(there.rpc.show(run=run.id)["attempts"]) for run in runs]
        assert attempts == [1, 1]
    one.start()  # which ends what the first one left


def test_a_kill_that_another_node_refuses_is_not_carried_out_later(
    short_nodes: list[Daemon], gate: Path
) -> None:
    one, two = short_nodes
    with client(one) as here, client(two) as there:
        one.ok("disable", "beat")
        runs = [here.submit("hold", gate=str(gate)) for _ in range(2)]
        until(lambda: executors(here)[0]["run"] and executors(there)[0]["run"], what="both run")
        foreign = executors(there)[0]["run"]
        done = one.rtctl("kill", foreign)
        assert (done.returncode, "stop it there" in done.stderr) == (6, True), done
        os.kill(executors(there)[0]["pid"], signal.SIGKILL)
        assert there.get(foreign).wait(timeout=20).state == "lost"
        gate.touch()
        assert {run.id for run in runs} > {foreign}


def test_the_node_that_has_a_run_and_its_output_is_named(
    short_nodes: list[Daemon], gate: Path
) -> None:
    one, two = short_nodes
    one.ok("disable", "beat")
    with client(one) as rt, client(two) as other:
        run = rt.submit("hold", gate=str(gate))
        until(lambda: any(on["run"] == run.id for on in executors(rt) + executors(other)),
              what="one of them has it")  # fmt: skip
        is_on_one = any(on["run"] == run.id for on in executors(rt))
    here, there, node = (one, two, "one") if is_on_one else (two, one, "two")
    sentence = f"the output of run {run.id} is on node {node}: ask there (`rtctl logs` with its"
    until(lambda: here.ok("logs", run.id) == f"held on {node}\n", what="its output")
    shown = there.ok("show", run.id)
    assert re.search(rf"^state +running\nnode +{node}$", shown, re.MULTILINE), shown
    assert "waits" not in shown
    for at in (here, there):
        listed = json.loads(at.ok("ls", "hold", "--state", "running", "-j"))
        assert [(row["id"], row["state"]) for row in listed["runs"]] == [(run.id, "running")]
        assert (listed["totals"]["running"], listed["totals"]["queued"]) == (1, 0)
    for words in (("logs", run.id), ("logs", "-f", run.id)):
        done = there.rtctl(*words)
        assert (done.returncode, sentence in done.stderr) == (6, True), done
    gate.touch()
    done = there.rtctl("wait", run.id)
    assert done.returncode == 0, done
    assert here.ok("logs", run.id) == f"held on {node}\n"
    done = there.rtctl("logs", run.id)
    assert (done.returncode, done.stdout, "dropped" in done.stderr) == (6, "", False), done
    assert sentence in done.stderr
    assert f", on node {node}\n" in there.ok("show", run.id)
    with client(here) as rt:  # also when the executor has gone
        before = {on["pid"] for on in executors(rt)}
        here.ok("reload")
        until(lambda: not before & {on["pid"] for on in executors(rt)}, what="new executors")
    assert sentence in there.rtctl("logs", run.id).stderr
    assert f", on node {node}\n" in there.ok("show", run.id)
