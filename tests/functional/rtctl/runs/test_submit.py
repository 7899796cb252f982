"""rtctl submit: a run from words, its id, its options, its exit code."""

import json
import resource
import subprocess
import uuid
from pathlib import Path

import pytest

from rtd.common.errors import Conflict
from rtd.common.ids import is_id
from tests.helpers.daemon import BIN, Daemon, DaemonMaker
from tests.helpers.rows import row_of
from tests.helpers.running import client

#: Beyond 64 bits: the wire has a way of its own for it.
HUGE = "99999999999999999999"


def test_it_prints_the_id_and_nothing_else(jobs: Daemon) -> None:
    done = jobs.rtctl("submit", "add", "a:=1")
    assert (done.returncode, done.stderr) == (0, "")
    assert is_id(done.stdout.strip())


def test_text_and_json_parameters_arrive_as_what_they_are(jobs: Daemon) -> None:
    run = jobs.ok("submit", "echo", "value=1", "--wait").strip()
    assert jobs.ok("result", run) == "1\n"
    assert json.loads(jobs.ok("result", run, "-j"))["value"] == "1"
    run = jobs.ok("submit", "echo", 'value:={"a": [1, null]}', "--wait").strip()
    assert json.loads(jobs.ok("result", run, "-j"))["value"] == {"a": [1, None]}


def test_wait_returns_the_task_s_own_code(jobs: Daemon) -> None:
    assert jobs.rtctl("submit", "add", "a:=1", "--wait").returncode == 0
    refused = jobs.rtctl("submit", "refuse", "why=too early", "--wait")
    assert refused.returncode == 1
    assert "failed with an error" in refused.stderr
    assert "too early" in refused.stderr
    assert jobs.rtctl("submit", "--wait", "--", "sh", "-c", "exit 37").returncode == 37
    assert jobs.rtctl("submit", "--wait", "--", "sh", "-c", "kill -9 $$").returncode == 137


def test_a_timeout_is_termination(jobs: Daemon) -> None:
    done = jobs.rtctl("submit", "nap", "seconds:=60", "--timeout", "0.2s", "--stop-grace", "0.1s",
                      "--wait")  # fmt: skip
    assert done.returncode in (128 + 9, 128 + 15)
    assert "terminated" in done.stderr
    assert "Traceback" not in done.stderr


def test_follow_shows_the_output_and_returns_the_code(jobs: Daemon) -> None:
    done = jobs.rtctl("submit", "-f", "--", "sh", "-c", "echo one; echo two; exit 4")
    assert done.stdout == "one\ntwo\n"
    assert done.returncode == 4


def test_the_same_key_is_the_same_run(jobs: Daemon) -> None:
    key = f"report-{uuid.uuid4()}"
    first = jobs.rtctl("submit", "add", "a:=1", "--key", key)
    again = jobs.rtctl("submit", "add", "a:=1", "--id", key)  # the former word
    assert first.stdout == again.stdout
    assert "same run" in again.stderr
    assert row_of(jobs, key)["id"] == first.stdout.strip()


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["add", "a:=2"], "has other parameters (a)"),
        (["add", "a:=1", "b:=0"], "has other parameters (b)"),
        (["add", "a=1"], "has other parameters (a)"),
        (["echo", "value:=1"], "is one of task 'add'"),
        (["--", "true"], "is one of task 'add'"),
    ],
)
def test_the_same_key_for_something_else_is_a_conflict(
    jobs: Daemon, words: list[str], why: str
) -> None:
    key = f"report-{uuid.uuid4()}"
    first = jobs.rtctl("submit", "add", "a:=1", "--id", key, "--wait")
    done = jobs.rtctl("submit", "--id", key, *words)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (6, "", 1)
    assert f"the key '{key}' is taken: run {first.stdout.strip()} {why}" in done.stderr
    with client(jobs) as rt:
        for option in ({"id": key}, {"key": key}):
            with pytest.raises(Conflict, match=f"the key '{key}' is taken"):
                rt.task("add", **option).submit(a=3)


def test_policies_labels_and_queue_come_from_flags(jobs: Daemon) -> None:
    words = [
        "--queue", "flags", "--priority", "7", "--retries", "2", "--timeout", "10m", "--label",
        "blue", "--label", "old", "--on-lost", "requeue", "--memory-limit", "512M", "--backoff",
        "2s", "--retry-on", "ValueError", "--expires", "1h",
    ]  # fmt: skip
    run = jobs.ok("submit", "add", "a:=1", *words, "--wait").strip()
    found = json.loads(jobs.ok("show", run, "-j"))
    row, policies = found["row"], found["policies"]
    assert (row["queue"], row["priority"], row["labels"]) == ("flags", 7, ["blue", "old"])
    assert row["attempts"] == 3
    assert policies["timeout_s"] == 600
    assert policies["memory_limit_bytes"] == 512 << 20
    assert policies["on_lost"] == "requeue"
    assert policies["retry_on"] == ["ValueError"]


def test_retries_happen_and_the_last_attempt_counts(jobs: Daemon, tmp_path: Path) -> None:
    done = jobs.rtctl("submit", "third", f"counter={tmp_path / 'count'}", "--wait")
    assert done.returncode == 0, done.stderr
    found = json.loads(jobs.ok("show", done.stdout.strip(), "-j"))
    assert [a["state"] for a in found["attempts"]] == ["exception", "exception", "succeeded"]


def test_a_delayed_run_waits(jobs: Daemon) -> None:
    run = jobs.ok("submit", "add", "a:=1", "--in", "1h").strip()
    row = row_of(jobs, run)
    assert row["state"] == "queued"
    assert row["due_at"] is not None
    jobs.ok("cancel", run)
    run = jobs.ok("submit", "add", "a:=1", "--at", "tomorrow 08:00").strip()
    assert row_of(jobs, run)["state"] == "queued"
    jobs.ok("cancel", run)


def test_a_command_has_directory_variables_umask_and_input(jobs: Daemon, tmp_path: Path) -> None:
    done = jobs.rtctl(
        "submit", "-f", "--cwd", str(tmp_path), "--env", "COLOUR=blue", "--umask", "027", "--stdin",
        "--", "sh", "-c", "pwd; echo $COLOUR; umask; cat", stdin="typed\n",
    )  # fmt: skip
    assert done.stdout.splitlines() == [str(tmp_path), "blue", "0027", "typed"], done.stderr


def test_a_command_runs_where_rtctl_was_called(jobs: Daemon) -> None:
    assert jobs.ok("run", "--", "pwd").strip() == str(jobs.cwd)


def test_print_id_and_json(jobs: Daemon) -> None:
    assert is_id(jobs.ok("submit", "-p", "add", "a:=1").strip())
    answer = json.loads(jobs.ok("submit", "-j", "add", "a:=1"))
    assert answer["schema"] == "rtctl.submit/1"
    assert is_id(answer["id"])
    answer = json.loads(jobs.ok("submit", "-j", "--wait", "add", "a:=1"))
    assert answer["run"]["state"] == "succeeded"


@pytest.mark.parametrize("alias", ["add", "enqueue", "call"])
def test_other_names_for_it(jobs: Daemon, alias: str) -> None:
    assert is_id(jobs.ok(alias, "add", "a:=1").strip())


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        (["nosuch"], 5, "there is no task 'nosuch'"),
        (["ad", "a:=1"], 5, "did you mean"),
        (["add"], 2, "misses 'a'; it takes a, b=..."),
        (["add", "a:=1", "c:=2"], 2, "does not take 'c'; it takes a, b=..."),
        (["add", "a:=1", "headers=x"], 2, "headers=...).submit(...), or rtctl submit --header"),
        (["add", "a:=1", "delay=5"], 2, "delay=...).submit(...), or rtctl submit --in"),
        (["add", "a"], 2, "'a' is no parameter; write name=text or name:=JSON"),
        (["add", "a:={"], 2, "a: '{' is no JSON"),
        (["add", "a:=1e999"], 2, "a: '1e999' is no JSON: 1e999 is no finite number"),
        (["add", "a:=[NaN]"], 2, "a: '[NaN]' is no JSON: NaN is no finite number"),
        (["add", "a:=1", "--timeout", "soon"], 2, "timeout: 'soon' is no duration"),
        (["add", "a:=1", "--priority", "high"], 2, "--priority: 'high' is no whole number"),
        (["add", "a:=1", "--priority", "1000"], 2, "priority: 1000 is not a whole number from"),
        (["add", "a:=1", "--on-lost", "cry"], 2, "--on-lost: 'cry' is none of fail, requeue"),
        (["add", "a:=1", "--at", "someday"], 2, "'someday' is no time; write 08:00"),
        (["add", "a:=1", "--memory-limit", "lots"], 2, "memory_limit: 'lots' is no size"),
        (["add", "a:=1", "--memory-limit", "0"], 2, "memory_limit: 0 would end every run at once"),
        (["add", "a:=1", "--memory-limit", f"{HUGE}T"], 2, "it must be less than an exabyte"),
        (["add", "a:=1", "--timeout", f"{HUGE}d"], 2, "less than 10 billion seconds"),
        (["add", "a:=1", "--in", f"{HUGE}d"], 2, "less than 10 billion seconds"),
        (["add", "a:=1", "--in", "999999999999"], 2, "'999999999999' is too long: a duration must"),
        (["add", "a:=1", "--timeout", "1e12"], 2, "timeout: '1e12' is too long: a duration must"),
        (["add", "a:=1", "--expires", "999999999999s"], 2, "is too long: a duration must be less"),
        (["add", "a:=1", "--expires", "0"], 2, "expires: 0 would cancel every run at once"),
        (
            ["add", "a:=1", "--in", "1h", "--expires", "1m"],
            2,
            "it would never start: it expires 1m00s after its submit, and is due 1h00m",
        ),
        (
            ["add", "a:=1", "--retry-on", "foo bar!"],
            2,
            "retry_on: 'foo bar!' is no name of an exception: write ValueError",
        ),
        (["add", "a:=1", "--no-retry-on", "exit x"], 2, "'exit x' is no name of an exception"),
        (["add", "a:=1", "--in", "-5"], 2, "'-5' is no duration: it must be 0 or more"),
        (["add", "a:=1", "--at", "+999999999999"], 2, "'999999999999' is too long: a duration"),
        (["add", "a:=1", "--at", f"@{HUGE}"], 2, "too far away: times end with the year 9999"),
        (["add", "a:=1", "--at", "@nan"], 2, "is no time; write 08:00"),
        (["add", "a:=1", "--retries", HUGE], 2, f"{HUGE} is not a whole number from 0 to 1000000"),
        (["add", "a:=1", "--jitter", HUGE], 2, "is not a share from 0 to 1"),
        (["add", "a:=1", "a:=2"], 2, "the parameter 'a' is given twice"),
        (["add", "a:=1", "a=1"], 2, "the parameter 'a' is given twice"),
        (["add", "a:=1", "--queue", "a b"], 2, "queue: 'a b' is no queue name"),
        (
            ["add", "a:=1", "--queue", "q" * 101],
            2,
            "is no queue name: a text of 1 to 100 characters",
        ),
        (["add", "a:=1", "--timeot", "1s"], 2, "unknown flag --timeot; did you mean --timeout?"),
        (["add", "a:=1", "--timeout"], 2, "--timeout needs a value"),
        (["add", "a:=1", "--cwd", "/"], 2, "--cwd is for commands"),
        (["hold", "gate=x", "--memory-limit", "1M"], 2, "cannot be enforced in lane 'thread'"),
        ([], 2, "which TASK?"),
        (["--"], 2, "no command after `--`"),
        (["add", "--", "ls"], 2, "a task ('add') or `-- COMMAND`, not both"),
        (["--env", "=x", "--", "ls"], 2, "write NAME=VALUE"),
        (["--umask", "9", "--", "ls"], 2, "--umask: '9' is no umask; write an octal text"),
        (["--umask", "1000", "--", "ls"], 2, "--umask: '1000' is no umask"),
    ],
)
def test_bad_input_is_one_line_and_its_code(
    jobs: Daemon, words: list[str], code: int, sentence: str
) -> None:
    done = jobs.rtctl("submit", *words)
    assert (done.returncode, done.stdout) == (code, "")
    assert sentence in done.stderr
    assert done.stderr.startswith("rtctl: ")
    assert done.stderr.count("\n") == 1, done.stderr


def test_a_result_that_cannot_be_kept_says_why(jobs: Daemon) -> None:
    done = jobs.rtctl("submit", "unstorable", "--wait")
    assert done.returncode == 1
    assert "items[1]" in done.stderr
    done = jobs.rtctl("submit", "large", f"size:={2 << 20}", "--wait")
    assert done.returncode == 1
    assert "the limit is 1.0 MB" in done.stderr
    assert "Traceback" not in done.stderr


def test_parameters_beyond_the_limit_are_refused(jobs: Daemon) -> None:
    done = jobs.rtctl("submit", "--stdin", "--", "cat", stdin="x" * (2 << 20))
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "the limit is 1.0 MB" in done.stderr


@pytest.mark.parametrize("verb", ["submit", "run"])
def test_an_endless_input_is_refused_at_the_limit(jobs: Daemon, verb: str) -> None:
    # Where it is read without bound, this limit spares the host.
    most = (2 << 30, 2 << 30)
    with open("/dev/zero", "rb") as endless:
        done = subprocess.run(
            ["rtctl", verb, "--stdin", "--", "cat"], executable=BIN / "rtctl", env=jobs.env,
            stdin=endless, capture_output=True, text=True, timeout=30, check=False,
            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, most),
        )  # fmt: skip
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1), done.stderr
    assert "too long, the limit is 1.0 MB; pass large data by file" in done.stderr


def test_an_input_may_be_as_large_as_the_daemon_is_set_to_take(start_daemon: DaemonMaker) -> None:
    daemon = start_daemon(flags=["--set", "limits.params=3M"])
    for size, code in ((2 << 20, 0), (4 << 20, 2)):
        done = daemon.rtctl("run", "--stdin", "--", "wc", "-c", stdin="x" * size)
        assert done.returncode == code, done.stderr
        assert (done.stdout.strip(), "limit is 3.0 MB" in done.stderr) == (
            (str(size), False) if code == 0 else ("", True)
        )
