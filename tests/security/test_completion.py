"""Completion puts words of others into a command line: names of tasks, queues and parameters."""

import subprocess
from collections.abc import Iterator

import pytest

from tests.helpers.daemon import Daemon, shared_daemon

NAMES = [
    "$(touch mark)", "`touch mark`", "x; touch mark", "x && touch mark", "x > mark", "*", "a b",
    "it's", 'say "x"', "back\\slash", "~root", "ünïcode", "plain.name", "!!", "#x", "{a,b}", "<(x)",
]  # fmt: skip
APP = f"""
from rtd import Session

session = Session()
for name in {NAMES!r}:
    session.task(name=name)(lambda: None)
"""
#: Completes a line, and prints what the shell then takes each inserted word for.
COMPLETE = """
source <(rtctl completion bash)
COMP_WORDS=({words}); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1))
_rtctl
for word in "${{COMPREPLY[@]}}"; do eval "set -- $word"; printf '%s|%s\\n' "$#" "$1"; done
"""


@pytest.fixture(scope="module")
def daemon(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    folder = tmp_path_factory.mktemp("app")
    (folder / "app.py").write_text(APP)
    with shared_daemon("app.py", cwd=folder) as daemon:
        yield daemon


def completed(daemon: Daemon, words: str) -> list[str]:
    done = subprocess.run(
        ["bash", "-c", COMPLETE.format(words=words)], cwd=daemon.home, env=daemon.env,
        capture_output=True, text=True, timeout=30, check=True,
    )  # fmt: skip
    assert not (daemon.home / "mark").exists()
    return done.stdout.splitlines()


def test_an_inserted_word_is_one_word_and_runs_nothing(daemon: Daemon) -> None:
    found = completed(daemon, "rtctl run ''")
    assert {f"1|{name}" for name in NAMES} <= set(found)
    assert completed(daemon, r"rtctl run 'a\ '") == ["1|a b"]
    assert completed(daemon, "rtctl pin") == ["1|ping"]
