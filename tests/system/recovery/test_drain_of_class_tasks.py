"""Class tasks in each of their phases when the daemon ends."""

import shutil
from pathlib import Path

import pytest

from rtctl import Run
from tests.helpers.daemon import DaemonMaker
from tests.helpers.deadline import until
from tests.helpers.needs_gevent import GREENLET
from tests.helpers.running import client
from tests.helpers.source import PROGRAMS
from tests.programs.class_tasks import PHASES


@pytest.mark.parametrize("lane", ["process", "thread", "async", GREENLET])
def test_a_drain_ends_class_tasks_in_each_phase(
    start_daemon: DaemonMaker, tmp_path: Path, lane: str
) -> None:
    shutil.copy(PROGRAMS / "class_tasks.py", tmp_path)
    diary = tmp_path / "diary"
    flags = [f"lanes.{lane}.max={8 if lane == 'process' else 1}", "stop_grace=0.3s"]
    daemon = start_daemon(
        "class_tasks.py",
        cwd=tmp_path,
        flags=[word for flag in flags for word in ("--set", flag)],
        env={"CLASS_DIARY": str(diary)},
    )

    def hangs(run: Run) -> bool:
        lines = diary.read_text().splitlines() if diary.exists() else []
        return any(line.startswith("hangs") and run.id in line for line in lines)

    # A phase that blocks the event loop keeps all others from beginning.
    phases = [phase for phase in PHASES if lane != "async" or phase not in ("provide", "init")]
    with client(daemon) as rt:
        runs = {phase: rt.submit(f"{lane}/{phase}") for phase in phases}
        for run in runs.values():
            until(lambda run=run: hangs(run), within_s=20, what="all hang")
    assert daemon.stop() == 0
    assert daemon.processes() == []
    stops = [line.split()[1] for line in diary.read_text().splitlines() if line.startswith("stop ")]
    assert sorted(stops) == ["deaf", "raises", "start"]
    daemon.start()
    with client(daemon) as rt:
        for phase, run in runs.items():
            old = rt.get(run.id)
            assert (phase, old.state, old.row["by"]) == (phase, "terminated", "drain")
            note = rt.rpc.show(run=run.id)["attempts"][-1]["note"] or ""
            assert ("its stop() raised KeyError" in note) == (phase == "raises")
            assert ("did not" in note) == (phase == "deaf"), (phase, note)
