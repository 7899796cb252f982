"""A subscriber that is redis-cli and nothing else: it sees the events of runs in their order."""

import contextlib
import json
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.helpers.daemon import Daemon, shared_daemon
from tests.helpers.deadline import until
from tests.helpers.source import PROGRAMS, ROOT

pytestmark = pytest.mark.skipif(
    shutil.which("redis-cli") is None,
    reason="redis-cli is not installed: `make system-packages`",
)
PAGE = ROOT / "docs" / "guides" / "events.md"
OF_A_TASK = ["redis-cli", "-s", "SOCKET", "subscribe", "{rtd:rtd}:task:count"]


@pytest.fixture(scope="module")
def daemon() -> Iterator[Daemon]:
    with shared_daemon("emitters.py", cwd=PROGRAMS) as daemon:
        yield daemon


def command_of_the_page() -> list[str]:
    """The words of the one command with redis-cli that the page shows."""
    (line,) = [text for text in PAGE.read_text().splitlines() if text.startswith("$ redis-cli ")]
    return shlex.split(line.removeprefix("$ "))


def here(daemon: Daemon, words: list[str]) -> list[str]:
    """The same command with the address that `rtctl info` prints."""
    lines = daemon.ok("info").splitlines()
    (address,) = [line.split()[-1] for line in lines if line.startswith("redis address ")]
    at = words.index("-s") + 1
    return [*words[:at], address.removeprefix("unix://"), *words[at + 1 :]]


@contextlib.contextmanager
def subscribed(daemon: Daemon, words: list[str], seen: Path) -> Iterator[None]:
    """Run redis-cli, which writes what it hears to a file; it hears from the first run on."""
    command = here(daemon, words)
    with seen.open("wb") as out:
        process = subprocess.Popen(command, stdout=out, stdin=subprocess.DEVNULL)
    try:
        until(lambda: seen.read_text().count("\n") == 3, what="it has subscribed")
        # The scripts may know for 0.1 s yet that nothing subscribes.
        known = [*command[:3], "exists", "{rtd:rtd}:listened"]
        until(lambda: subprocess.check_output(known).strip() == b"0", what="rtd learns of it")
        yield
        assert process.poll() is None
    finally:
        process.kill()
        process.wait()


def events_of(run: str, seen: Path) -> list[dict[str, Any]]:
    """The messages of one run among all lines, in their order."""
    lines = seen.read_text().splitlines()
    found = [json.loads(line) for line in lines if line.startswith("{") and '"event"' in line]
    return [event for event in found if event["run"] == run]


@pytest.mark.parametrize("words", [command_of_the_page(), OF_A_TASK], ids=["page", "one task"])
def test_redis_cli_alone_sees_the_events_in_order(
    daemon: Daemon, words: list[str], tmp_path: Path
) -> None:
    seen = tmp_path / "seen"
    with subscribed(daemon, words, seen):
        runs = [daemon.ok("submit", "count", "to:=50", "--wait").strip() for _ in range(3)]
        until(lambda: events_of(runs[-1], seen)[-1:], what="the first events")
        for run in runs:
            until(
                lambda run=run: events_of(run, seen)[-1]["event"] == "succeeded",
                what=f"the end of {run}",
            )
    for run in runs:
        found = events_of(run, seen)
        assert [event["event"] for event in found] == [
            "queued", "started", *["counted"] * 50, "succeeded",
        ]  # fmt: skip
        assert [event["data"] for event in found[2:-1]] == list(range(50))
        assert {(event["task"], event["attempt"]) for event in found[1:]} == {("count", 1)}
