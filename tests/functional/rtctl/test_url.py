"""`rtctl --url`: without a daemon, by nothing but the Redis that the workers share."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.helpers.daemon import BIN, Daemon, DaemonMaker
from tests.helpers.external import ExternalRedis
from tests.helpers.source import PROGRAMS


@pytest.fixture
def worker(start_daemon: DaemonMaker, external: ExternalRedis) -> Daemon:
    """A worker with the app `jobs`."""
    return start_daemon("jobs:session", cwd=PROGRAMS, flags=["--redis", external.url])


def rtctl(*words: str, stdin: str = "", **env: Any) -> subprocess.CompletedProcess[str]:
    """Run `rtctl WORDS...` where nothing else leads to a daemon."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("RTD_")}
    return subprocess.run(
        [BIN / "rtctl", *words], env={**clean, "RTD_RUNTIME_DIR": "/nonexistent", **env},
        input=stdin, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip


def ok(*words: str, **more: Any) -> str:
    """The output of a command that must succeed without a word."""
    done = rtctl(*words, **more)
    assert (done.returncode, done.stderr) == (0, ""), done
    return done.stdout


def test_verbs_that_need_only_redis(worker: Daemon, external: ExternalRedis, gate: Path) -> None:
    url = ["--url", external.url]
    run = ok("submit", "add", "a:=1", "b:=2", "--id", "order-7", *url).strip()
    assert ok("wait", "order-7", RTD_URL=external.url) == ""
    assert ok("result", run, *url) == worker.ok("result", run)
    assert json.loads(ok("ls", "-j", *url))["runs"] == json.loads(worker.ok("ls", "-j"))["runs"]
    assert run in ok(*url), "no verb is `ls`"
    assert "order-7" in ok("show", run, *url)
    tasks = [
        json.loads(text)["tasks"] for text in (ok("tasks", "-j", *url), worker.ok("tasks", "-j"))
    ]
    assert tasks[0] == tasks[1]
    assert "add" in ok("tasks", *url)
    again = ok("retry", run, "--wait", *url).split()[0]
    assert again != run
    ok("queue", "pause", "default", *url)
    held = ok("submit", "add", "a:=3", "-q", *url).strip()
    assert ok("cancel", held, *url) == f"{held}  cancelled\n"
    ok("submit", "add", "a:=4", *url)
    ok("queue", "priority", "default", "5", *url)
    assert "1" in ok("queue", "purge", "default", "--yes", *url)
    ok("queue", "resume", "default", *url)
    assert "default" in ok("queue", "ls", *url)
    past = ok("events", "--run", run, "-o", "jsonl", *url).splitlines()
    assert past == worker.ok("events", "--run", run, "-o", "jsonl").splitlines()
    failed = rtctl("submit", "--wait", *url, "--", "sh", "-c", "exit 3")
    assert failed.returncode == 3
    large = rtctl("submit", "--stdin", *url, "--", "cat", stdin="x" * (3 << 20))
    assert (large.returncode, "the limit is" in large.stderr) == (2, True), large.stderr


def test_verbs_that_need_a_daemon_are_one_line(worker: Daemon, external: ExternalRedis) -> None:
    run = ok("submit", "add", "a:=1", RTD_URL=external.url).strip()
    ok("wait", run, RTD_URL=external.url)
    for words in (
        ["kill", run], ["logs", run], ["logs", "-f", run], ["info"], ["status"], ["ping"],
        ["reload"], ["shutdown"], ["why", "add"], ["params", "ls"], ["run", "add", "a:=1"],
        ["submit", "-f", "add", "a:=1"], ["tasklog"], ["graph"], ["leases"], ["next"],
    ):  # fmt: skip
        done = rtctl(*words, RTD_URL=external.url)
        assert done.returncode == 2, (words, done)
        assert done.stdout == ""
        assert len(done.stderr.splitlines()) == 1, done.stderr
        assert "needs a daemon" in done.stderr or "out of reach" in done.stderr, done.stderr
    assert len(ok("ls", "-q", RTD_URL=external.url).split()) == 1, "none of them has queued a run"
    assert "no rtd answers" in ok("version", RTD_URL=external.url)


def test_names_of_a_daemon_and_of_a_redis_at_once(worker: Daemon, external: ExternalRedis) -> None:
    socket = ["-s", str(worker.socket)]
    both = rtctl("ls", *socket, "--url", external.url)
    assert (both.returncode, both.stdout) == (2, "")
    assert "--socket and --url" in both.stderr
    both = rtctl("ls", RTD_SOCKET=str(worker.socket), RTD_URL=external.url)
    assert both.returncode != 0
    assert both.stderr.startswith("rtctl: RTD_SOCKET and RTD_URL are both set")
    nowhere = "redis://:s3cret@127.0.0.1:1/0"
    assert ok("ls", "-q", "--url", external.url, RTD_SOCKET="/nonexistent", RTD_URL=nowhere) == ""
    assert ok("ls", "-q", *socket, RTD_URL=nowhere) == ""


@pytest.mark.parametrize(
    ("url", "code", "what"),
    [
        ("redis://anna:s3cret@127.0.0.1:1/0", 3, "no Redis at redis://127.0.0.1:1/0"),
        ("redis://:s3cret@h:x/0", 2, "not a Redis URL"),
        ("redi://:s3cret@h/0", 2, "redi://... is no URL of a Redis"),
        ("/run/rtd.sock", 2, "it is no URL of a Redis"),
        ("redis://h/0?ssl=s3cret", 2, "unknown option 'ssl'"),
    ],
)
def test_a_wrong_url_is_one_line_without_the_password(url: str, code: int, what: str) -> None:
    for place, done in (
        ("--url", rtctl("ls", "--url", url)), ("RTD_URL", rtctl("ls", RTD_URL=url)),
    ):  # fmt: skip
        assert done.stdout == ""
        warning = "rtctl: all users of this host can read the password of Redis on the command line"
        if code == 3 and place == "--url":
            assert done.stderr.startswith(warning)
        else:
            assert len(done.stderr.splitlines()) == 1, done.stderr
        assert what in done.stderr
        assert "s3cret" not in done.stderr
        assert done.returncode == code, done
        if code == 2:
            assert done.stderr.startswith(f"rtctl: {place}: ")
    assert "--url is empty" in rtctl("ls", "--url", "").stderr


def test_completion(worker: Daemon, external: ExternalRedis) -> None:
    assert ok("complete", "--", "ls", "--ur").split() == ["--url"]
    assert ok("complete", "--", "submit", "add", "", RTD_URL=external.url).split() == ["a=", "b="]
    assert ok("complete", "--", "--url", external.url, "submit", "ad").split() == ["add"]
    assert ok("complete", "--", "-s", str(worker.socket), "submit", "ad").split() == ["add"]
