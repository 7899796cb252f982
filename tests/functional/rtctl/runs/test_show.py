"""rtctl show: everything that rtd knows of a run."""

import json
import uuid
from pathlib import Path

from tests.helpers.daemon import Daemon, DaemonMaker
from tests.helpers.rows import submit, until_state
from tests.helpers.source import PROGRAMS


def test_it_tells_what_was_asked_for_and_what_became_of_it(jobs: Daemon) -> None:
    run = submit(jobs, "add", "a:=20", "b:=22", "--label", "blue", "--timeout", "1m", "--wait")
    text = jobs.ok("show", run)
    for part in (run, "add", "succeeded", "a=20, b=22", "blue", "attempt 1", "timeout"):
        assert part in text
    found = json.loads(jobs.ok("show", run, "-j"))
    assert found["params"] == {"a": 20, "b": 22}
    assert found["row"]["state"] == "succeeded"
    assert "uid" in found["submitted_by"]


def test_it_shows_what_the_run_returned_and_cuts_it_where_it_is_long(jobs: Daemon) -> None:
    run = submit(jobs, "echo", "value:=[]", "--wait")
    assert "\nresult        []\n" in jobs.ok("show", run)
    run = submit(jobs, "echo", f"value={'x' * 300}", "--wait")
    (line,) = [line for line in jobs.ok("show", run).splitlines() if line.startswith("result ")]
    assert line == f'result        "{"x" * 199}… (302 characters; `rtctl result {run}` has all)'
    run = submit(jobs, "speak", "--wait")
    assert "\nresult" not in jobs.ok("show", run)


def test_secrets_of_a_command_are_not_shown(jobs: Daemon) -> None:
    label, script = uuid.uuid4().hex, "cat >/dev/null; exit 3"
    words = ("--env", "PW=s3cret", "--env", "OTHER=hid1en", "--stdin", "--label", label)
    done = jobs.rtctl("submit", *words, "--wait", "--", "sh", "-c", script, stdin="t0ken")
    run = done.stdout.strip()
    texts = [done.stderr, jobs.log.read_text()]
    texts += [jobs.ok(*words) for words in (("show", run), ("show", run, "-j"), ("events", "-j"))]
    texts += [jobs.ok("ls", "command", *how) for how in ((), ("-o", "wide"), ("-j",))]
    for secret in ("s3cret", "hid1en", "t0ken"):
        assert not [text for text in texts if secret in text]
    assert json.loads(texts[3])["params"]["env"] == {"PW": "******", "OTHER": "******"}
    again = jobs.ok("retry", run, "-q").strip()
    until_state(jobs, again, "error")
    bad = jobs.python(
        "from rtctl import Client\nClient().command('ls', env={'PW': 5112, 'A': 'b'})\n"
    )
    assert "env must be a map of texts to texts ('PW')" in bad.stderr
    assert "5112" not in bad.stderr.splitlines()[-1]
    assert "s3cret" not in jobs.rtctl("submit", "--env", "=s3cret", "--", "ls").stderr


def test_options_are_those_of_the_submit_alone(jobs: Daemon) -> None:
    run = submit(jobs, "single", "--timeout", "1m", "--wait")
    found = json.loads(jobs.ok("show", run, "-j"))
    assert found["options"] == {"timeout_s": 60.0}
    assert found["policies"] == {"timeout_s": 60.0, "max_concurrency": 1}
    run = submit(jobs, "single", "--max-concurrency", "2", "--label", "x", "--wait")
    assert json.loads(jobs.ok("show", run, "-j"))["options"] == {"max_concurrency": 2}


def test_a_crash_shows_where_it_came_from(jobs: Daemon) -> None:
    run = jobs.rtctl("submit", "crash", "--wait").stdout.strip()
    text = jobs.ok("show", run)
    assert "ValueError: no such luck" in text
    assert "jobs.py" in text


def test_a_command_shows_its_exit_code(jobs: Daemon) -> None:
    run = jobs.rtctl("submit", "--wait", "--", "sh", "-c", "exit 5").stdout.strip()
    assert "code 5" in jobs.ok("show", run)


def test_the_end_of_an_id_is_enough_and_so_is_a_key(jobs: Daemon) -> None:
    key = f"key {uuid.uuid4()}"
    run = submit(jobs, "add", "a:=1", "--id", key)
    assert jobs.ok("show", run[-8:], "-q").strip() == run
    assert jobs.ok("show", key, "-q").strip() == run


def test_no_such_run_is_code_5(jobs: Daemon) -> None:
    for target in ("01AAAAAAAAAAAAAAAAAAAAAAAA", "nothing-of-this-kind", "x"):
        done = jobs.rtctl("show", target)
        assert (done.returncode, done.stdout, done.stderr.count("\n")) == (5, "", 1)
        assert target in done.stderr


def test_a_task_is_no_run_but_may_have_some(jobs: Daemon) -> None:
    done = jobs.rtctl("show", "add")
    assert (done.returncode, done.stderr.count("\n")) == (5, 1)
    assert "it is a task, and `rtctl ls add` lists its runs" in done.stderr


def test_a_queued_run_says_what_it_waits_for(start_daemon: DaemonMaker, gate: Path) -> None:
    daemon = start_daemon(
        "jobs:session",
        cwd=PROGRAMS,
        flags=["--set", "lanes.thread.max=1", "--set", "lanes.thread.concurrency=1"],
    )

    def waits(run: str) -> str:
        found = json.loads(daemon.ok("show", run, "-j"))["waits"]
        assert found in daemon.ok("show", run)
        return str(found)

    later = submit(daemon, "add", "a:=1", "--in", "1h")
    assert waits(later) == "it is not due yet"
    daemon.ok("queue", "pause", "closed")
    closed = submit(daemon, "add", "a:=1", "-Q", "closed")
    assert waits(closed) == "its queue is paused; `rtctl queue resume closed` resumes it"

    limited = [submit(daemon, "hold", f"gate={gate}", "--max-concurrency", "1") for _ in range(2)]
    until_state(daemon, limited[0], "running")
    assert waits(limited[0]) == ""
    assert waits(limited[1]) == "hold is at its limit: one run at once (max_concurrency=1)"
    behind = submit(daemon, "hold", f"gate={gate}")
    assert waits(behind) == "lane thread has no idle executor: 1 busy, 2 runs wait"


def test_a_running_run_shows_its_processes(jobs: Daemon, gate: Path) -> None:
    run = submit(jobs, "hold", f"gate={gate}")
    until_state(jobs, run, "running")
    (line,) = [line for line in jobs.ok("show", run).splitlines() if line.startswith("process ")]
    assert "  " not in line
    gate.touch()
