"""Effects of an import on its process: arguments, exits, forks."""

import signal
import socket
import subprocess
import threading
from pathlib import Path

import pytest

from rtd.executor.zygote.import_watch import watch_import
from rtd.process.events.posix_timer import TIMER_SIGNAL
from tests.helpers.daemon import BIN, DaemonMaker
from tests.helpers.deadline import until
from tests.helpers.running import client

TASK = "from rtd import Session\nsession = Session()\n@session.task()\ndef one(): return 1\n"
PARSER = "import argparse\nparser = argparse.ArgumentParser()\nparser.add_argument('--x'{})\n"
HINT = "parse arguments and exit under `if __name__ == '__main__':`"


def check(folder: Path, code: str) -> subprocess.CompletedProcess[str]:
    """Run `rtd check` on an app of this code."""
    (folder / "app.py").write_text(TASK + code)
    return subprocess.run(
        [BIN / "rtd", "check", "app.py"], cwd=folder, capture_output=True, text=True, timeout=60,
        check=False,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("code", "said"),
    [
        (
            PARSER.format(", required=True") + "parser.parse_args()\n",
            "SystemExit: 2 ({app}, line 8); an app is imported, without a command line: " + HINT,
        ),
        ("import sys\nsys.exit('not today')\n", "SystemExit: not today ({app}, line 6); "),
        ("import json\n\njson.loads('{')\n", "line 1 column 2 (char 1) ({app}, line 7)"),
        ("import os\nos._exit(4)\n", "ended its process while it was imported: exit code 4"),
        ("import os\nif os.fork():\n    os._exit(5)\n", "while it was imported: exit code 5"),
    ],
)
def test_an_end_of_the_import_is_told_where_the_app_caused_it(
    tmp_path: Path, code: str, said: str
) -> None:
    done = check(tmp_path, code)
    assert done.returncode == 3
    assert said.format(app=tmp_path / "app.py") in done.stderr


def test_rtd_s_own_arguments_are_not_those_of_the_app(tmp_path: Path) -> None:
    code = PARSER.format("") + "assert parser.parse_args().x is None\n"
    code += "import sys\nassert sys.argv == ['app.py']\n"
    done = check(tmp_path, code)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("end", ["pass", "raise SystemExit(3)", "raise ValueError('mine')"])
def test_a_process_that_is_forked_at_the_import_ends_there(
    start_daemon: DaemonMaker, tmp_path: Path, end: str
) -> None:
    code = f"import os\npid = os.fork()\nif pid == 0:\n    {end}\nelse:\n    os.waitpid(pid, 0)\n"
    done = check(tmp_path, code)
    assert (done.returncode, done.stdout.count("one ")) == (0, 1)
    assert ("ValueError: mine" in done.stderr) == ("mine" in end)
    daemon = start_daemon("app.py", cwd=tmp_path)
    with client(daemon) as rt:
        assert rt.submit("one").result(timeout=20) == 1
    if end == "pass":
        assert "it ends here; start processes in a task" in daemon.log.read_text()


def test_a_connection_of_the_import_is_told_with_its_other_end(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        code = "import asyncio, socket, sqlite3\nloop = asyncio.new_event_loop()\n"
        code += f"link = socket.create_connection(('127.0.0.1', {port}))\n"
        code += "db = sqlite3.connect('my.db')\ndb.execute('create table if not exists t (x)')\n"
        done = check(tmp_path, code)
    assert done.returncode == 3
    assert done.stderr == (
        "rtd: app app.py has opened 2 connections while it was imported"
        f" (tcp 127.0.0.1:{port}; sqlite {tmp_path / 'my.db'}): executors are forked and would"
        " share what they read and write there; connect in the task, or in"
        " os.register_at_fork(after_in_child=...)\n"
    )


#: A middleware whose constructor waits for a file.
HANGING = (
    "import pathlib, time\nclass Slow:\n    def __init__(self):\n"
    "        while not pathlib.Path('gate').exists():\n            time.sleep(0.05)\n"
    "    def process_outcome(self, task, *exc_info): ...\n"
    "session = Session(middleware=[Slow])\n@session.task()\ndef two(): return 2\n"
)
SLOW = "rtd: warning: app app.py has been importing for 10.0s: in {}/app.py, line {} (__init__)\n"


def test_an_import_that_takes_long_is_told_with_its_line(
    prepare_daemon: DaemonMaker, tmp_path: Path
) -> None:
    """Of the daemon in its log, of `rtd check` on stderr, while it still goes on."""
    (tmp_path / "app.py").write_text("from rtd import Session\n" + HANGING)
    places = [SLOW.format(tmp_path, line) for line in (5, 6)]
    daemon = prepare_daemon("app.py", cwd=tmp_path)
    starting = threading.Thread(target=lambda: daemon.start(within_s=60))
    starting.start()
    with (tmp_path / "said").open("wb") as said:
        checking = subprocess.Popen(
            [BIN / "rtd", "check", "app.py"], cwd=tmp_path, env=daemon.env, stderr=said,
            stdout=subprocess.DEVNULL,
        )  # fmt: skip
    for file in (daemon.log, tmp_path / "said"):
        until(
            lambda file=file: file.exists() and any(place in file.read_text() for place in places),
            within_s=30,
            what=f"a warning in {file}",
        )
    (tmp_path / "gate").touch()
    assert checking.wait(30) == 0
    starting.join(30)
    with client(daemon) as rt:
        assert rt.submit("two").result(timeout=20) == 2


def test_the_watch_of_an_import_leaves_nothing_behind(capfd: pytest.CaptureFixture[str]) -> None:
    before = signal.getsignal(TIMER_SIGNAL)
    with watch_import("app", first_s=0.01):
        until(lambda: "app app has been importing for" in capfd.readouterr().err, what="a line")
    assert signal.getsignal(TIMER_SIGNAL) == before
    with watch_import("app"):
        pass
    assert capfd.readouterr().err == ""
