"""A daemon, its tasks and its clients in a locale whose encoding is not UTF-8."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.helpers.daemon import BIN, Daemon, DaemonMaker

APP = """
import os
from rtd import Session

session = Session()


@session.task()
def grüße(word: str = "ä") -> list[object]:
    print("grüß", word)
    with open("datei-é", "w") as file:
        file.write("中")
    return [word, os.getcwd(), os.environ["WÖRT"], os.listdir(), __file__, ascii(session)]
"""
CLIENT = """
from rtctl import Client
with Client() as rt:
    run = rt.submit("gr\\xfc\\xdfe", word="\\u4e2d")
    assert run.result(timeout=20)[0] == "\\u4e2d"
    assert list(run.logs()) == ["gr\\xfc\\xdf \\u4e2d"]
"""
PLAIN = {"PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}


@pytest.fixture(scope="module")
def latin1(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The environment of a locale in ISO-8859-1."""
    if shutil.which("localedef") is None:
        pytest.skip("needs localedef")
    folder = tmp_path_factory.mktemp("locales")
    words = ["localedef", "--no-archive", "-i", "de_DE", "-f", "ISO-8859-1", f"{folder}/de_DE"]
    subprocess.run(words, capture_output=True, check=False)
    if not (folder / "de_DE" / "LC_CTYPE").exists():
        pytest.skip("there are no sources of locales")
    return {"LOCPATH": str(folder), "LC_ALL": "de_DE", "PYTHONUTF8": "0"}


def lives(prepare_daemon: DaemonMaker, env: dict[str, str]) -> None:
    """All of it works, with names in the app, on the command line, in paths and in variables."""
    daemon: Daemon = prepare_daemon("äpp.py", env={**env, "WÖRT": "wärt"})
    folder = daemon.home / "größe"
    folder.mkdir()
    (folder / "äpp.py").write_text(APP, encoding="utf-8")
    daemon.cwd, daemon.socket = folder, folder / "rün" / "rtd.sock"
    daemon.env.update(RTD_RUNTIME_DIR=f"{folder}/rün", RTD_STATE_DIR=f"{folder}/zuständ")
    daemon.start()
    run = [
        text(daemon, "rtctl", "submit", "grüße", "word=größe", "--wait", "-q"),
        text(daemon, "rtctl", "run", "--", "echo", "ärgument"),
    ]
    assert run[1] == "ärgument\n"
    assert text(daemon, "rtctl", "logs", run[0].strip()) == "grüß größe\n"
    found = json.loads(text(daemon, "rtctl", "result", run[0].strip()))
    assert found[:3] == ["größe", str(folder), "wärt"]
    assert "datei-é" in found[3]
    assert found[4] == str(folder / "äpp.py")
    assert (folder / "datei-é").read_text(encoding="utf-8") == "中"
    assert "grüße" in text(daemon, "rtctl", "tasks")
    assert "äpp.py:8" in text(daemon, "rtd", "check", "äpp.py")
    text(daemon, sys.executable, "-c", CLIENT)
    assert "äpp.py (1 task)" in daemon.log.read_text(encoding="utf-8")


def text(daemon: Daemon, program: str, *words: str) -> str:
    """The output of a program in the daemon's locale, which must succeed."""
    done = subprocess.run(
        [BIN / program, *words], env=daemon.env, cwd=daemon.cwd, capture_output=True, timeout=30,
        check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr.decode(errors="replace")
    return done.stdout.decode("utf-8")


def test_all_works_in_the_c_locale(prepare_daemon: DaemonMaker) -> None:
    lives(prepare_daemon, {**PLAIN, "LC_ALL": "C"})


def test_all_works_in_a_locale_of_latin_1(
    prepare_daemon: DaemonMaker, latin1: dict[str, str]
) -> None:
    lives(prepare_daemon, latin1)


def test_bytes_that_are_no_text_arrive_as_they_are(prepare_daemon: DaemonMaker) -> None:
    daemon: Daemon = prepare_daemon(os.fsdecode(b"\xe4pp.py"), env={**PLAIN, "LC_ALL": "C"})
    (daemon.home / os.fsdecode(b"\xe4pp.py")).write_text(APP, encoding="utf-8")
    daemon.env["WÖRT"] = "x"
    daemon.start()
    run = text(daemon, "rtctl", "submit", "grüße", "--wait", "-q").strip()
    assert "pp.py" in text(daemon, "rtctl", "result", run)
    path = Path(daemon.home) / "w"
    words = [bytes(BIN / "rtctl"), b"run", b"--", b"sh", b"-c", b'printf %s "$1" > w', b"sh"]
    subprocess.run([*words, b"\xe4"], env=daemon.env, cwd=daemon.home, timeout=30, check=True)
    assert path.read_bytes() == b"\xe4"


@pytest.mark.parametrize("option", ["-Xutf8=0", "-Xutf8"])
def test_a_choice_on_the_command_line_stays(option: str) -> None:
    done = subprocess.run(
        [sys.executable, option, "-m", "rtd", "--version"], env={**PLAIN, "LC_ALL": "C"},
        capture_output=True, timeout=30, check=False,
    )  # fmt: skip
    assert done.stdout.startswith(b"rtd ")
