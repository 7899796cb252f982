"""A broken middleware is found when the app is loaded, wherever it is loaded, in one line."""

import subprocess
from pathlib import Path

import pytest

from tests.helpers.daemon import BIN, Daemon, DaemonMaker
from tests.helpers.running import client

APP = "from rtd import Session\nsession = Session()\n@session.task\ndef one():\n    return 1\n"
WARES = (
    "class Sleep:\n    def run_task(self, task, run, args, kwargs):\n        run(*args, **kwargs)\n"
)
BROKEN = "class Sleep:\n    def __init__(self):\n        raise OSError('no mail server')\n"
SETTINGS = 'MIDDLEWARE = ["wares.Sleep"]\n'


def write(folder: Path, wares: str, settings: str = SETTINGS) -> None:
    (folder / "app.py").write_text(APP)
    (folder / "wares.py").write_text(wares)
    (folder / "rt_settings.py").write_text(settings)


def rtd(place: Daemon, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["rtd", *words], executable=BIN / "rtd", cwd=place.cwd, env=place.env,
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip


def lines_about(text: str, name: str) -> list[str]:
    assert "Traceback" not in text, text
    return [line for line in text.splitlines() if name in line]


@pytest.mark.parametrize(
    "verb", [("check",), ("run",), ("start",), ("simulate",)], ids=lambda verb: verb[0]
)
def test_every_verb_says_it_in_one_line(
    prepare_daemon: DaemonMaker, tmp_path: Path, verb: tuple[str, ...]
) -> None:
    place = prepare_daemon(cwd=tmp_path)
    write(tmp_path, BROKEN)
    span = ("0", "60") if verb == ("simulate",) else ()
    done = rtd(place, *verb, "app.py", *span)
    assert done.returncode != 0
    [line] = lines_about(done.stderr, "wares.Sleep")
    assert f"middleware 'wares.Sleep' (MIDDLEWARE in {tmp_path}/rt_settings.py): " in line
    assert f"OSError: no mail server ({tmp_path}/wares.py, line 3)" in line


def test_after_a_reload_the_old_app_serves_on(start_daemon: DaemonMaker, tmp_path: Path) -> None:
    write(tmp_path, WARES)
    daemon = start_daemon("app.py", cwd=tmp_path)
    write(tmp_path, BROKEN)
    done = daemon.rtctl("reload")
    assert done.returncode != 0
    [line] = lines_about(done.stderr, "wares.Sleep")
    assert "MIDDLEWARE in" in line
    with client(daemon) as rt:
        assert rt.submit("one").wait(20).state == "succeeded"


@pytest.mark.parametrize("way", ["file", "variable", "flag"])
def test_the_daemon_s_setting_reaches_the_app(
    prepare_daemon: DaemonMaker, tmp_path: Path, way: str
) -> None:
    place = prepare_daemon(cwd=tmp_path)
    write(tmp_path, WARES, settings="")
    flags: tuple[str, ...] = ()
    if way == "file":
        (tmp_path / "rtd.toml").write_text('middleware = ["wares.Missing"]\n')
    elif way == "variable":
        place.env["RTD_MIDDLEWARE"] = "wares.Missing"
    else:
        flags = ("--set", "middleware=wares.Missing")
    done = rtd(place, "run", "app.py", *flags)
    assert done.returncode != 0
    assert len(lines_about(done.stderr, "(the daemon's setting `middleware`)")) == 1
    if way != "flag":
        assert len(lines_about(rtd(place, "check", "app.py").stderr, "'wares.Missing'")) == 1


def test_two_sources_are_refused(prepare_daemon: DaemonMaker, tmp_path: Path) -> None:
    place = prepare_daemon(cwd=tmp_path)
    write(tmp_path, WARES)
    done = rtd(place, "run", "app.py", "--set", "middleware=wares.Sleep")
    assert done.returncode != 0
    [line] = lines_about(done.stderr, "comes from one place")
    assert "rt_settings.py and the daemon's setting `middleware`" in line


def test_middleware_without_an_app_is_warned_of(
    prepare_daemon: DaemonMaker, tmp_path: Path
) -> None:
    place = prepare_daemon(cwd=tmp_path)
    place.env["RTD_MIDDLEWARE"] = "wares.Sleep"
    done = rtd(place, "start")
    stopped = rtd(place, "stop")
    assert done.returncode == stopped.returncode == 0
    assert "warning: the variable RTD_MIDDLEWARE: middleware has no effect" in done.stderr


def test_a_wrong_configuration_is_a_line_of_the_check(
    prepare_daemon: DaemonMaker, tmp_path: Path
) -> None:
    place = prepare_daemon(cwd=tmp_path)
    write(tmp_path, WARES, settings="")
    (tmp_path / "rtd.toml").write_text("middleware = [3]\n")
    done = rtd(place, "check", "app.py")
    assert done.returncode == 3
    assert done.stderr == "rtd: rtd.toml: middleware: 3 is no text\n"
