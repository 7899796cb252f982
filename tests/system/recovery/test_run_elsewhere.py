"""A run that another node of the same Redis has: `run`, `submit -f` and `why` name the node."""

import re
import subprocess
from pathlib import Path

import pytest

from tests.helpers.daemon import BIN, Daemon, DaemonMaker
from tests.helpers.deadline import until
from tests.helpers.external import ExternalRedis
from tests.helpers.running import client, executors
from tests.helpers.source import PROGRAMS


@pytest.fixture
def nodes(start_daemon: DaemonMaker, external: ExternalRedis) -> dict[str, Daemon]:
    """Two nodes, each of which carries out one run at a time."""
    found = {}
    for name in ("one", "two"):
        flags = []
        for setting in (f"redis={external.url}", f"node={name}", "lanes.process.max=1"):
            flags += ["--set", setting]
        env = {"SHARED_NODE": name}
        found[name] = start_daemon("shared:session", cwd=PROGRAMS, env=env, flags=flags)
    found["one"].ok("disable", "beat")
    return found


def node_of(nodes: dict[str, Daemon], run_id: str) -> str | None:
    """Return the node that has a run now."""
    for name, daemon in nodes.items():
        with client(daemon) as rt:
            if any(row["run"] == run_id for row in executors(rt)):
                return name
    return None


def busy_and_free(nodes: dict[str, Daemon], gate: Path) -> tuple[str, str]:
    """Occupy one of the nodes. Returns its name and that of the other."""
    held = nodes["one"].ok("submit", "hold", f"gate={gate}").strip()
    busy = until(lambda: node_of(nodes, held), what="one of them has it")
    return busy, "two" if busy == "one" else "one"


@pytest.mark.parametrize("words", [("run",), ("submit", "-f")], ids=["run", "submit"])
def test_a_run_that_another_node_takes_is_waited_for_and_its_node_is_named(
    nodes: dict[str, Daemon], gate: Path, tmp_path: Path, words: tuple[str, ...]
) -> None:
    other_gate = tmp_path / "other"
    busy, free = busy_and_free(nodes, gate)
    daemon = nodes[busy]
    process = subprocess.Popen(
        ["rtctl", *words, "hold", f"gate={other_gate}"], executable=BIN / "rtctl",
        cwd=daemon.cwd, env=daemon.env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    with process:
        with client(nodes[free]) as rt:
            rows = until(lambda: [row for row in executors(rt) if row["run"]], what="it runs")
        other_gate.touch()
        out, err = process.communicate(timeout=30)
    run_id = rows[0]["run"]
    sentence = f"the output of run {run_id} is on node {free}: ask there"
    result = f"{free}\n" if words == ("run",) else ""
    assert (process.returncode, out) == (0, result), err
    assert re.search(rf"^rtctl: {sentence}.*; waiting for the end of the run$", err, re.MULTILINE)
    gate.touch()


def test_why_names_the_node_that_has_the_run_of_a_task(
    nodes: dict[str, Daemon], gate: Path
) -> None:
    run_id = nodes["one"].ok("trigger", "-q", "lasting", f"gate={gate}").strip()
    node = until(lambda: node_of(nodes, run_id), what="one of them has it")
    other = nodes["two" if node == "one" else "one"]
    text = f"its run {run_id} is running on node {node}"
    until(lambda: text in " ".join(other.ok("why", "lasting").split()), what="why names the node")
    assert f"its run {run_id} is running" in " ".join(nodes[node].ok("why", "lasting").split())
    assert "on node" not in nodes[node].ok("why", "lasting")
    gate.touch()
