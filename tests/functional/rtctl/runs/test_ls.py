"""rtctl ls: a table for people, rows for programs."""

import json
import re
import uuid
from pathlib import Path

import pytest

from tests.helpers.daemon import Daemon
from tests.helpers.rows import submit, until_state
from tests.helpers.running import client
from tests.helpers.terminal import Terminal


@pytest.fixture
def queue() -> str:
    """A queue that no other test uses."""
    return f"ls-{uuid.uuid4().hex[:8]}"


def test_no_verb_is_ls(jobs: Daemon) -> None:
    run = submit(jobs, "add", "a:=1", "--wait")
    assert run in jobs.ok()
    assert run in jobs.ok("-n", "5")
    assert json.loads(jobs.ok("-j"))["schema"] == "rtctl.ls/1"


def test_running_come_first_then_queued_then_ended(jobs: Daemon, gate: Path, queue: str) -> None:
    ended = submit(jobs, "add", "a:=1", "-Q", queue, "--wait")
    running = submit(jobs, "hold", f"gate={gate}", "-Q", queue)
    until_state(jobs, running, "running")
    queued = submit(jobs, "add", "a:=1", "-Q", queue, "--in", "1h")
    assert jobs.ok("ls", f"@{queue}", "-q").split() == [running, queued, ended]
    assert jobs.ok("ls", "-Q", queue, "--state", "queued,running", "-q").split() == [
        running,
        queued,
    ]
    assert jobs.ok("ls", "hold", "-Q", queue, "-q").split() == [running]
    jobs.ok("cancel", queued)
    gate.touch()
    until_state(jobs, running, "succeeded")


def test_progress_is_shown_for_running_runs(jobs: Daemon, gate: Path, queue: str) -> None:
    run = submit(jobs, "hold", f"gate={gate}", "-Q", queue)
    until_state(jobs, run, "running")
    row = json.loads(jobs.ok("ls", "-Q", queue, "-j"))["runs"][0]
    assert row["progress"]["total"] == 4
    assert "25% 1/4 waiting for the gate" in jobs.ok("ls", "-Q", queue)
    gate.touch()
    until_state(jobs, run, "succeeded")


def test_a_terminated_run_says_what_ended_it(jobs: Daemon, gate: Path, queue: str) -> None:
    late = submit(jobs, "hold", f"gate={gate}", "-Q", queue, "--timeout", "0.1s")
    killed = submit(jobs, "hold", f"gate={gate}", "-Q", queue)
    until_state(jobs, killed, "running")
    jobs.ok("kill", killed)
    until_state(jobs, late, "terminated")
    bad = submit(jobs, "refuse", "why=no", "-Q", queue)
    until_state(jobs, bad, "error")
    good = submit(jobs, "add", "a:=1", "-Q", queue, "--wait")
    shown = jobs.ok("ls", "-Q", queue)
    assert [re.search(rf"{run} +\w+ +(.+?)  ", shown)[1] for run in (late, killed)] == [  # type: ignore[index]
        "timed out",
        "killed",
    ]
    assert "timed out" in jobs.ok("ls", "-Q", queue, "-o", "wide")
    found = jobs.ok("ls", "-Q", queue, "--state", "unsuccessful", "-q").split()
    assert set(found) == {late, killed, bad}
    assert jobs.ok("ls", "-Q", queue, "--state", "failed", "-q").split() == [bad]
    assert good not in found
    with client(jobs) as rt:
        assert {run.id for run in rt.ls(queue=queue, state="unsuccessful")} == set(found)
    assert {row["state"] for row in json.loads(jobs.ok("ls", "-Q", queue, "-j"))["runs"]} == {
        "terminated",
        "error",
        "succeeded",
    }


def test_a_command_that_failed_says_which_it_was(jobs: Daemon, queue: str) -> None:
    jobs.rtctl("submit", "-Q", queue, "--wait", "--", "sh", "-c", "exit 5")
    assert jobs.ok("ls", "-Q", queue).strip().endswith("exit 5 (sh -c 'exit 5')")
    jobs.rtctl("submit", "-Q", queue, "--wait", "--", "not-there")
    assert "command not found: not-there\n" in jobs.ok("ls", "-Q", queue)


def test_a_run_that_failed_shows_its_parameters_too(jobs: Daemon, queue: str) -> None:
    jobs.rtctl("submit", "refuse", "why=no", "-Q", queue, "--wait")
    shown = jobs.ok("ls", "-Q", queue).strip()
    error = shown.partition(" (why=")[0].rpartition("  ")[2]
    assert shown.endswith(f'{error} (why="no")')
    assert "no" in error
    wide = jobs.ok("ls", "-Q", queue, "-o", "wide").splitlines()
    at = wide[0].index("PARAMETERS")
    assert wide[1][at:].startswith('why="no"')
    assert wide[1].endswith(error)
    assert json.loads(jobs.ok("ls", "-Q", queue, "-j"))["runs"][0]["text"] == 'why="no"'


def test_json_has_times_that_anybody_can_read(jobs: Daemon, queue: str) -> None:
    submit(jobs, "add", "a:=1", "-Q", queue, "--wait")
    row = json.loads(jobs.ok("ls", "-Q", queue, "-j"))["runs"][0]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", row["submitted_at"])
    lines = jobs.ok("ls", "-Q", queue, "-o", "jsonl").splitlines()
    assert [json.loads(line)["id"] for line in lines] == [row["id"]]


def test_the_limit_says_that_there_is_more(jobs: Daemon, queue: str) -> None:
    for _ in range(3):
        submit(jobs, "add", "a:=1", "-Q", queue, "--in", "1h")
    answer = json.loads(jobs.ok("ls", "-Q", queue, "-n", "2", "-j"))
    assert (len(answer["runs"]), answer["more"]) == (2, True)
    jobs.ok("queue", "purge", queue, "-y")


def test_programs_get_all_and_readers_are_told_what_is_left_out(jobs: Daemon, queue: str) -> None:
    with client(jobs) as rt:
        options = {"queue": queue, "delay": "1h"}
        ids = {run.id for run in rt.submit_many("add", [{"a": n} for n in range(60)], options)}
        assert len(rt.ls(queue=queue)) == 50
        assert {run.id for run in rt.ls(queue=queue, limit=None)} == ids
    assert set(jobs.ok("ls", "-Q", queue, "-q").split()) == ids
    answer = json.loads(jobs.ok("ls", "-Q", queue, "-j"))
    assert ({row["id"] for row in answer["runs"]}, answer["more"]) == (ids, False)
    assert len(jobs.ok("ls", "-Q", queue, "-o", "jsonl").splitlines()) == 60
    for words in (("ls",), ("ls", "-o", "wide")):
        done = jobs.rtctl(*words, "-Q", queue)
        assert (done.returncode, done.stdout.count("\n")) == (0, 51)
        said = "rtctl: there are more; only 50 are shown (--limit 100 shows more)\n"
        assert done.stderr == said
    done = jobs.rtctl("ls", "-Q", queue, "-n", "10", "-q")
    assert (len(done.stdout.split()), done.stderr) == (10, "")
    jobs.ok("queue", "purge", queue, "-y")


def test_all_failed_runs_of_a_list_that_takes_several_answers(jobs: Daemon, queue: str) -> None:
    with client(jobs) as rt:
        runs = rt.submit_many("refuse", [{"why": "not now"}] * 60, {"queue": queue})
        rt.wait(runs, timeout=20)
        found: list[str] = []
        start = None
        while True:
            answer = rt.rpc.ls(queue=queue, state=["error"], limit=7, ended_from=start)
            found += [row["id"] for row in answer["runs"]]
            start = answer["next"]
            if start is None:
                break
        assert set(found) == {run.id for run in runs}
    failed = jobs.ok("ls", "-Q", queue, "--state", "failed", "-q").split()
    assert sorted(failed) == sorted(run.id for run in runs)
    again = jobs.ok("retry", *failed, "-q").split()
    assert len(set(again)) == 60


@pytest.mark.parametrize("columns", [50, 80])
def test_on_a_terminal_the_table_fits_and_has_colours(
    jobs: Daemon, queue: str, columns: int
) -> None:
    submit(jobs, "echo", f"value={'x' * 300}", "-Q", queue, "--wait")
    text, code = Terminal(["rtctl", "ls", "-Q", queue], jobs.env, columns).finish()
    assert code == 0
    assert "\033[32m" in text, "succeeded is green"
    plain = re.sub(r"\033\[[0-9;]*m", "", text)
    assert max(len(line) for line in plain.split("\n")) <= columns
    assert "…" in plain


def test_colours_stop_at_a_pipe_and_at_no_color(jobs: Daemon, queue: str) -> None:
    submit(jobs, "add", "a:=1", "-Q", queue, "--wait")
    assert "\033" not in jobs.ok("ls")
    assert "\033[32m" in jobs.ok("ls", "--color", "always")
    text, _ = Terminal(["rtctl", "ls"], {**jobs.env, "NO_COLOR": "1"}, 80).finish()
    assert "\033" not in text


def test_a_long_message_is_cut_in_lists_and_whole_in_show(jobs: Daemon, queue: str) -> None:
    long = "m" * 3_000
    run = jobs.rtctl("submit", "refuse", f"why={long}", "-Q", queue, "--wait").stdout.strip()
    for words in (("ls", "-Q", queue), ("ls", "-Q", queue, "-o", "wide"), ("events", "--run", run)):
        line = jobs.ok(*words).splitlines()[-1]
        assert "mmm..." in line
        assert len(line) < 500
    assert long in jobs.ok("show", run)
    assert long in jobs.ok("ls", "-Q", queue, "-j")
    assert long in jobs.ok("events", "--run", run, "-o", "jsonl")


def test_a_parameter_cannot_paint_the_terminal(jobs: Daemon, queue: str) -> None:
    submit(jobs, "echo", "value=\033[31mred\nline", "-Q", queue, "--wait")
    text = jobs.ok("ls", "-Q", queue)
    assert "\033" not in text
    assert text.count("\n") == 2


def test_labels_are_shown(jobs: Daemon, queue: str) -> None:
    submit(jobs, "add", "a:=1", "-Q", queue, "--label", "blue", "--label", "old", "--wait")
    assert jobs.ok("ls", "-Q", queue).splitlines()[1].endswith("  [blue, old] a=1")


def test_wide_shows_more(jobs: Daemon) -> None:
    heads = jobs.ok("ls", "-o", "wide").splitlines()[0].split()
    assert {"LANE", "CPU", "MEMORY", "BY", "LABELS"} <= set(heads)


def test_a_reader_that_goes_away_is_no_error(jobs: Daemon) -> None:
    done = jobs.rtctl("ls")
    assert done.returncode == 0
    piped = Terminal(["sh", "-c", "rtctl ls -o wide | head -c 1 >/dev/null"], jobs.env, 80)
    text, _ = piped.finish()
    assert "Traceback" not in text
    assert "BrokenPipe" not in text


@pytest.mark.parametrize("alias", ["ps", "list"])
def test_other_names_for_it(jobs: Daemon, alias: str) -> None:
    assert jobs.ok(alias).startswith("ID")


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["@defautl"], "no queue 'defautl' has ever been used; did you mean default?"),
    ],
)
def test_a_slip_of_the_fingers_is_no_silence(jobs: Daemon, words: list[str], sentence: str) -> None:
    submit(jobs, "add", "a:=1", "--wait")
    done = jobs.rtctl("ls", *words)
    assert (done.returncode, done.stdout.count("\n")) == (0, 1)
    assert sentence in done.stderr
    assert jobs.rtctl("ls", *words, "-j").stderr == ""


@pytest.mark.parametrize(
    ("task", "sentence"),
    [
        ("ad", "there is no task 'ad'; did you mean 'add'"),
        ("running", "'running' is a state, no task: `rtctl ls --state running`"),
    ],
)
@pytest.mark.parametrize("format", [[], ["-q"], ["-j"]], ids="".join)
def test_an_unknown_task_is_an_error(
    jobs: Daemon, task: str, sentence: str, format: list[str]
) -> None:
    done = jobs.rtctl("ls", task, *format)
    assert (done.returncode, done.stdout) == (5, "")
    assert sentence in done.stderr
    assert jobs.rtctl("ls", "command", "--since", "0s", *format).returncode == 0


def test_only_runs_with_all_of_some_labels(jobs: Daemon, queue: str) -> None:
    both = submit(jobs, "add", "a:=1", "-Q", queue, "--label", "blue", "--label", "fast", "--wait")
    one = submit(jobs, "add", "a:=1", "-Q", queue, "--label", "blue", "--in", "1h")
    submit(jobs, "add", "a:=1", "-Q", queue, "--wait")
    assert jobs.ok("ls", f"@{queue}", "--label", "blue", "-q").split() == [one, both]
    words = ("--label", "blue", "--label", "fast")
    assert jobs.ok("ls", f"@{queue}", *words, "-q").split() == [both]
    assert jobs.ok("ls", "--label", "green", "-q") == ""
    jobs.ok("queue", "purge", queue, "-y")


def test_the_totals_say_of_what_they_are(jobs: Daemon, queue: str) -> None:
    submit(jobs, "add", "a:=1", "-Q", queue, "--wait")
    shown, _ = Terminal(["rtctl", "ls", f"@{queue}"], jobs.env, 100).finish()
    assert "all runs: " in shown
    shown, _ = Terminal(["rtctl", "ls", f"@{queue}", "--state", "running"], jobs.env, 100).finish()
    assert "no such run; all runs: " in shown
    shown, _ = Terminal(["rtctl", "ls"], jobs.env, 100).finish()
    assert "all runs" not in shown


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--state", "timed-out"], "runs that 'timed-out' is said of are `terminated`"),
        (["--state", "runing"], "'runing' is no state; did you mean running?"),
        (["-n", "0"], "--limit: 0 is less than 1"),
        (["-n", "many"], "-n: 'many' is no whole number"),
        (["-o", "xml"], "-o: 'xml' is none of table, wide, json, jsonl"),
        (["--since", "someday"], "'someday' is no time"),
        (["one", "two"], "what is 'two'?"),
        (["--quiet=1"], "--quiet takes no value"),
    ],
)
def test_bad_input_is_one_line(jobs: Daemon, words: list[str], sentence: str) -> None:
    done = jobs.rtctl("ls", *words)
    assert (done.returncode, done.stdout) == (2, "")
    assert sentence in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_run_on_its_way_is_listed_once(jobs: Daemon) -> None:
    with client(jobs) as rt:
        for _ in range(150):
            run = rt.submit("add", a=1, b=2)
            for _ in range(3):
                ids = [found.id for found in rt.ls(limit=20)]
                assert ids.count(run.id) == 1
                assert len(ids) == len(set(ids))
            run.wait(timeout=20)  # or a slow machine has more living runs than are listed
