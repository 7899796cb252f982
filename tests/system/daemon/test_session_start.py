"""session.start(): a program that declares tasks is their daemon."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.helpers.daemon import BIN, Daemon, DaemonMaker
from tests.helpers.deadline import until
from tests.helpers.running import client
from tests.helpers.terminal import Terminal

PROGRAM = """
import time
from rtd import Session

session = Session()

@session.task
def add(a, b=0):
    return a + b

@session.task(stop_grace=0.2)
def sleep(seconds):
    time.sleep(seconds)

def main():
    session.start()
    print("start() has returned")

if __name__ == "__main__":
    main()
"""


@pytest.fixture
def program(prepare_daemon: DaemonMaker, tmp_path: Path) -> Daemon:
    """`python main.py` in a directory of its own; not started yet."""
    (tmp_path / "main.py").write_text(PROGRAM)
    daemon = prepare_daemon(cwd=tmp_path)
    daemon.executable = Path(sys.executable)
    daemon.command = [sys.executable, "main.py"]
    return daemon


def pid_of_daemon(program: Daemon) -> int:
    return int((program.home / "run" / "rtd.pid").read_text().split()[0])


def once(program: Daemon, *words: str, script: str = "") -> subprocess.CompletedProcess[str]:
    """Run a program that is expected to end by itself."""
    if script:
        (program.cwd / "other.py").write_text(script)
    return subprocess.run(
        [sys.executable, *(words or ["other.py"])],
        cwd=program.cwd, env=program.env, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip


def test_a_program_is_the_daemon_of_its_tasks_and_ends_in_order(program: Daemon) -> None:
    process = program.start().process
    assert process is not None
    with client(program) as rt:
        assert rt.submit("add", a=2, b=3).wait(timeout=20).result() == 5
        assert rt.info()["app"] == "main.py"
    process.send_signal(signal.SIGINT)
    assert process.wait(20) == 0
    log = program.log.read_text()
    assert "the daemon has ended" in log
    assert "start() has returned" in log
    assert program.processes() == []


def test_a_second_interrupt_ends_it_at_once(program: Daemon) -> None:
    process = program.start().process
    assert process is not None
    with client(program) as rt:
        run = rt.task("sleep", stop_grace=500).submit(seconds=600)
        until(lambda: run.state == "running")
    process.send_signal(signal.SIGINT)
    until(lambda: "shutting down" in program.log.read_text())
    process.send_signal(signal.SIGINT)
    assert process.wait(20) == 0
    assert program.processes() == []


def test_ctrl_c_on_a_terminal_reaches_the_daemon_once(program: Daemon) -> None:
    """The terminal tells everybody in the foreground; the daemon hears it through the program."""
    command = ["-C", str(program.cwd), "setsid", "--ctty", sys.executable, "main.py"]
    terminal = Terminal(command, program.env, columns=100)
    terminal.read_until("ready: app main.py")
    terminal.type("\x03")
    text, code = terminal.finish()
    assert code == 0, text
    assert "the daemon has ended" in text
    assert "start() has returned" in text
    assert "asked again" not in text
    assert program.processes() == []


def test_a_file_inside_its_package(program: Daemon) -> None:
    (program.cwd / "__init__.py").touch()
    (program.cwd / "x.py").touch()
    text = PROGRAM.replace("import time", "import time\nfrom . import x")
    (program.cwd / "main.py").write_text(text)
    program.executable, program.command = BIN / "rtd", ["rtd", "run", "main.py"]
    program.start()
    with client(program) as rt:
        assert rt.submit("add", a=2).wait(timeout=20).result() == 2


def test_a_program_in_a_package_that_imports_what_lies_beside_it(program: Daemon) -> None:
    """As `python main.py` does, whose own folder comes first on the path."""
    (program.cwd / "__init__.py").touch()
    (program.cwd / "neighbour.py").touch()
    (program.cwd / "main.py").write_text(f"import neighbour\n{PROGRAM}")
    program.start()
    with client(program) as rt:
        assert rt.submit("add", a=2).wait(timeout=20).result() == 2


@pytest.mark.parametrize("name", ["signal", "queue"])
def test_a_file_with_the_name_of_a_module_of_pythons_is_refused(program: Daemon, name: str) -> None:
    (program.cwd / "apps").mkdir()
    (program.cwd / "apps" / f"{name}.py").write_text(
        "from rtd import Session\nsession = Session()\n"
    )
    done = subprocess.run(
        ["rtd", "check", f"apps/{name}.py"],
        executable=BIN / "rtd", cwd=program.cwd, env=program.env, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr.count("\n")) == (3, 1), done.stderr
    assert f"another module is called '{name}'" in done.stderr


def test_sigterm_and_sighup_are_passed_on(program: Daemon) -> None:
    process = program.start().process
    assert process is not None
    process.send_signal(signal.SIGHUP)
    until(lambda: "reloaded in" in program.log.read_text())
    assert program.stop() == 0


def test_the_daemon_does_not_outlive_a_program_that_is_killed(program: Daemon) -> None:
    process = program.start().process
    assert process is not None
    process.kill()
    process.wait()
    until(lambda: program.processes() == [], within_s=20)
    assert "the daemon has ended" in program.log.read_text()


def test_a_daemon_that_was_killed_ends_the_program_and_the_next_one_adopts(
    program: Daemon,
) -> None:
    process = program.start().process
    assert process is not None
    with client(program) as rt:
        run = rt.submit("sleep", seconds=600)
        until(lambda: run.state == "running")
        os.kill(pid_of_daemon(program), signal.SIGKILL)
        assert process.wait(20) == 128 + signal.SIGKILL
        program.start()
        assert run.state == "running"
        run.kill(grace=0.5)
    assert "adopted zygote" in program.log.read_text()


def test_as_a_module_of_a_package(program: Daemon) -> None:
    folder = program.cwd / "shop"
    folder.mkdir()
    (folder / "__init__.py").touch()
    (folder / "jobs.py").write_text(PROGRAM.replace("import time", "import time\nfrom . import x"))
    (folder / "x.py").touch()
    program.command = [sys.executable, "-m", "shop.jobs"]
    program.start()
    with client(program) as rt:
        assert rt.info()["app"] == "shop.jobs"
        assert rt.submit("add", a=2).wait(timeout=20).result() == 2


def test_rtd_run_of_a_file_in_a_package(start_daemon: DaemonMaker, tmp_path: Path) -> None:
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "__init__.py").touch()
    text = PROGRAM.replace("import time", "import time\nfrom . import x")
    (tmp_path / "shop" / "jobs.py").write_text(text)
    (tmp_path / "shop" / "x.py").touch()
    daemon = start_daemon("shop/jobs.py", cwd=tmp_path)
    with client(daemon) as rt:
        assert rt.submit("add", a=2).wait(timeout=20).result() == 2


def test_a_lazy_object_of_another_library_in_the_module_is_left_asleep(program: Daemon) -> None:
    lazy = (
        "class Lazy:\n    @property\n    def __class__(self):\n"
        "        raise RuntimeError('not configured')\n\nsettings = Lazy()\n"
    )
    (program.cwd / "main.py").write_text(lazy + PROGRAM)
    program.start()
    with client(program) as rt:
        assert rt.submit("add", a=2).wait(timeout=20).result() == 2


def test_a_session_that_another_module_holds(program: Daemon) -> None:
    """Started from another directory than that of the script, beside which the module lies."""
    folder = program.cwd / "scripts"
    folder.mkdir()
    (folder / "jobs.py").write_text(PROGRAM)
    (folder / "go.py").write_text("import jobs\n\nif __name__ == '__main__':\n    jobs.main()\n")
    program.command = [sys.executable, "scripts/go.py"]
    program.start()
    with client(program) as rt:
        assert rt.info()["app"] == "scripts/jobs.py"
        assert rt.submit("add", a=2).wait(timeout=20).result() == 2


def test_one_of_several_sessions_is_named(program: Daemon) -> None:
    text = PROGRAM.replace("session = Session()", "other = Session()\nsession = Session()")
    (program.cwd / "main.py").write_text(text)
    program.start()
    with client(program) as rt:
        assert rt.info()["app"] == "main.py:session"


def test_a_program_that_has_made_no_session(program: Daemon) -> None:
    (program.cwd / "main.py").write_text(
        "from rtd.tasks import FuncTask\n\n@FuncTask()\ndef one():\n    return 1\n\n"
        "if __name__ == '__main__':\n    from rtd import session\n    session.start()\n"
    )
    program.start()
    with client(program) as rt:
        assert rt.info()["app"] == "main.py"
        assert rt.submit("one").wait(timeout=20).result() == 1
    done = once(
        program,
        script="import main\nfrom rtd import Session, session\n"
        "if __name__ == '__main__': print(session.run('one')[0].result)\n",
    )
    assert (done.returncode, done.stdout) == (0, "1\n"), done.stderr


@pytest.mark.parametrize("verb", ["start", "run"])
def test_a_start_that_is_not_under_main_is_refused_in_one_line(program: Daemon, verb: str) -> None:
    text = f"from rtd import Session\ns = Session()\ns.{verb}()\n"
    done = once(program, script=text)
    assert (done.returncode, done.stdout) == (1, "")
    assert ("Traceback" in done.stderr) is (verb == "run"), "run() is an exception of the program's"
    checked = subprocess.run(
        ["rtd", "check", "other.py"],
        executable=BIN / "rtd", cwd=program.cwd, env=program.env, capture_output=True, text=True,
        check=False,
    )  # fmt: skip
    assert (checked.returncode, checked.stderr.count("\n")) == (3, 1)
    for told in (done.stderr, checked.stderr):
        last = told.strip().splitlines()[-1]
        assert "if __name__ == '__main__'" in last
        assert "other.py, line 3" in last


def test_a_daemon_that_cannot_come_up_says_why_and_its_code_is_the_programs(
    program: Daemon,
) -> None:
    program.start()
    done = once(program, "main.py")
    assert (done.returncode, done.stdout) == (6, "")
    assert "running already" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_session_that_is_in_no_file_cannot_be_served(program: Daemon) -> None:
    done = once(program, "-c", "from rtd import Session\ns = Session()\ns.start()")
    assert "interactive" in done.stderr.splitlines()[-1]
    text = "import rtd\nkept = rtd.Session()\ndef f():\n    rtd.Session().start()\nf()\n"
    assert "top level" in once(program, script=text).stderr.splitlines()[-1]
