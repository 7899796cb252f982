"""Directories with odd names, releases behind a link, and files that are called as Python's own."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.helpers.daemon import BIN, Daemon, DaemonMaker
from tests.helpers.deadline import until
from tests.helpers.running import client

APP = """
from rtd import Session

session = Session()


@session.task()
def release() -> str:
    return {name!r}
"""
#: Modules of Python that rtd and its client import sooner or later.
POISON = (
    "json", "socket", "asyncio", "subprocess", "typing", "select", "signal", "string", "random",
    "msgpack", "hiredis", "csv", "resource", "selectors", "heapq", "queue", "calendar", "daemon",
    "psutil", "setproctitle", "yaml", "tomllib", "getopt", "statistics", "secrets", "uuid",
)  # fmt: skip


def released(daemon: Daemon) -> object:
    """The result of the app's task."""
    with client(daemon) as rt:
        return rt.submit("release").wait(timeout=20).result()


@pytest.mark.parametrize(
    "name", ["C#jobs", "100%", "a b", "q?x=1", "x%20y", "ü@ø", "it's", 'd"q', "b\\s", "[1];$HOME"]
)
def test_directories_may_have_any_name(prepare_daemon: DaemonMaker, name: str) -> None:
    daemon: Daemon = prepare_daemon("app.py")
    folder = daemon.home / name
    runtime, state = folder / "run", folder / "state"
    daemon.env.update(RTD_RUNTIME_DIR=str(runtime), RTD_STATE_DIR=str(state))
    daemon.socket, daemon.cwd = runtime / "rtd.sock", folder / "app"
    daemon.cwd.mkdir(parents=True)
    (daemon.cwd / "app.py").write_text(APP.format(name=name))
    daemon.start()
    with client(daemon) as rt:  # the second submit goes to Redis directly
        for _ in range(3):
            assert rt.submit("release").wait(timeout=20).result() == name
    assert (state / "redis" / "redis.sock").is_socket()


def test_a_socket_path_as_long_as_the_kernel_takes_works(prepare_daemon: DaemonMaker) -> None:
    daemon: Daemon = prepare_daemon()
    room = 107 - len(str(daemon.home)) - len("/" + "/zygote.sock")
    daemon.env["RTD_RUNTIME_DIR"] = str(daemon.home / ("r" * room))
    daemon.socket = Path(daemon.env["RTD_RUNTIME_DIR"]) / "rtd.sock"
    daemon.start()
    assert daemon.ok("run", "--", "echo", "hello") == "hello\n"


@pytest.mark.parametrize("name", [b"r" * 110, b"not-\xff", b"line\nbreak"])
def test_a_path_that_cannot_be_used_is_named(prepare_daemon: DaemonMaker, name: bytes) -> None:
    daemon: Daemon = prepare_daemon()
    env = {**daemon.env, "RTD_RUNTIME_DIR": ""}
    raw = {key.encode(): value.encode() for key, value in env.items()}
    raw[b"RTD_RUNTIME_DIR"] = bytes(daemon.home) + b"/" + name
    done = subprocess.run(
        [BIN / "rtd", "run"], env=raw, capture_output=True, timeout=20, check=False
    )
    assert done.returncode == 2
    assert done.stderr.count(b"\n") == 1
    assert name[:3] in done.stderr


def test_a_url_with_too_long_a_path_is_refused_at_once(prepare_daemon: DaemonMaker) -> None:
    daemon: Daemon = prepare_daemon(flags=["--redis", f"unix:///{'x' * 120}"])
    done = subprocess.run(
        daemon.command, executable=BIN / "rtd", env=daemon.env, capture_output=True, timeout=20,
        check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert b"121 bytes" in done.stderr


def test_a_release_behind_a_link_is_taken_up_by_a_reload(
    prepare_daemon: DaemonMaker, tmp_path: Path
) -> None:
    for name in ("1", "2"):
        folder = tmp_path / "releases" / name
        folder.mkdir(parents=True)
        (folder / "app.py").write_text(f"from helper import NAME\n{APP.format(name=name)}")
        (folder / "helper.py").write_text(f"NAME = {name!r}\n")
    current = tmp_path / "current"
    current.symlink_to("releases/1")
    daemon: Daemon = prepare_daemon("app.py", cwd=current, env={"PWD": str(current)})
    daemon.start()
    assert released(daemon) == "1"
    new = tmp_path / "new"
    new.symlink_to("releases/2")
    new.rename(current)
    daemon.ok("reload")
    assert released(daemon) == "2"
    where = daemon.ok("run", "--", "pwd", "-P")
    assert where.strip() == str(tmp_path / "releases" / "2")


def poisoned(prepare_daemon: DaemonMaker, folder: Path) -> Daemon:
    """Return a daemon of an app in a folder where files are called like modules of Python."""
    for name in POISON:
        (folder / f"{name}.py").write_text(f"raise SystemExit('imported {name} from here')\n")
    (folder / "app.py").write_text(APP.format(name="good"))
    return prepare_daemon("app.py", cwd=folder)


def test_files_called_as_modules_of_python_do_no_harm(
    prepare_daemon: DaemonMaker, tmp_path: Path
) -> None:
    daemon = poisoned(prepare_daemon, tmp_path)
    checked = subprocess.run(
        [BIN / "rtd", "check", "app.py"], cwd=tmp_path, env=daemon.env, capture_output=True,
        text=True, timeout=30, check=False,
    )  # fmt: skip
    assert checked.returncode == 0, checked.stderr
    daemon.start()
    assert released(daemon) == "good"
    for module, words in (("rtctl", ["status"]), ("rtd", ["check", "app.py"])):
        done = subprocess.run(
            [sys.executable, "-m", module, *words], cwd=tmp_path, env=daemon.env,
            capture_output=True, text=True, timeout=30, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
    simulated = daemon.rtctl("simulate", "app.py")
    assert simulated.returncode == 0, simulated.stderr
    path = daemon.ok("run", "--", sys.executable, "-c", "import sys; print(sys.flags.safe_path)")
    assert path == "False\n"


def test_rtd_start_in_such_a_directory_works(prepare_daemon: DaemonMaker, tmp_path: Path) -> None:
    daemon = poisoned(prepare_daemon, tmp_path)
    started = subprocess.run(
        [BIN / "rtd", "start", "app.py"], cwd=tmp_path, env=daemon.env, capture_output=True,
        text=True, timeout=60, check=False,
    )  # fmt: skip
    assert started.returncode == 0, started.stderr
    try:
        assert released(daemon) == "good"
    finally:
        subprocess.run([BIN / "rtd", "stop"], env=daemon.env, timeout=60, check=True)
    until(lambda: not daemon.processes(), what="the end of the daemon")


def test_tracebacks_of_a_package_named_like_rtd_have_their_frames(
    prepare_daemon: DaemonMaker, tmp_path: Path
) -> None:
    package = tmp_path / "rtd_shop"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "jobs.py").write_text(
        "from rtd import Session\nsession = Session()\n\n\n@session.task()\ndef sell():\n"
        "    raise KeyError('sold out')\n"
    )
    daemon: Daemon = prepare_daemon("rtd_shop.jobs:session", cwd=tmp_path)
    daemon.start()
    with client(daemon) as rt:
        run = rt.submit("sell").wait(timeout=20)
    shown = daemon.ok("show", run.id, "--json")
    assert "rtd_shop/jobs.py" in shown
    assert "raise KeyError" in shown
