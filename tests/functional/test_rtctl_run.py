"""rtctl run: as if the task ran here."""

import signal
import subprocess
from pathlib import Path

from tests.functional.conftest import PROGRAMS
from tests.helpers.daemon import BIN, Daemon
from tests.helpers.deadline import until
from tests.helpers.rows import until_state


def test_output_goes_where_the_run_wrote_it_and_the_code_is_its_own(jobs: Daemon) -> None:
    done = jobs.rtctl("run", "speak", "lines:=2")
    assert done.returncode == 0
    assert done.stdout == "out 0\nout 1\n"
    assert done.stderr == "err 0\nerr 1\n"
    assert jobs.rtctl("run", "--", "sh", "-c", "exit 9").returncode == 9


def test_output_comes_while_it_runs(jobs: Daemon, gate: Path) -> None:
    with jobs_run(jobs, "hold", f"gate={gate}") as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "holding\n"
        assert process.poll() is None
        gate.touch()
        assert process.stdout.readline() == "released\n"
        assert process.wait(10) == 0


def test_an_interrupt_ends_the_run(jobs: Daemon) -> None:
    with jobs_run(jobs, "family") as process:
        assert process.stdout is not None
        child = int(process.stdout.readline())
        process.send_signal(signal.SIGINT)
        assert process.wait(15) == 130
        assert process.stderr is not None
        said = process.stderr.read()
    assert "ending run" in said
    assert "Traceback" not in said
    run = next(word for word in said.split() if len(word) == 26)
    assert until_state(jobs, run, "terminated")["by"]
    until(lambda: not Path(f"/proc/{child}").exists(), what=f"the end of {child}")


def test_a_crash_tells_its_kind(jobs: Daemon) -> None:
    done = jobs.rtctl("run", "crash")
    assert done.returncode == 1
    assert "failed with an exception" in done.stderr
    assert "no such luck" in done.stderr


def jobs_run(jobs: Daemon, *words: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [BIN / "rtctl", "run", *words],
        env=jobs.env,
        cwd=PROGRAMS,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
