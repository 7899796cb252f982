"""rtctl events: the events of runs and queues, as they happen."""

import json

from tests.helpers.daemon import Daemon
from tests.helpers.rows import submit
from tests.helpers.running import client
from tests.helpers.terminal import Terminal


def test_a_run_s_life_in_events(jobs: Daemon) -> None:
    run = submit(jobs, "add", "a:=1", "--wait")
    lines = jobs.ok("events", "--run", run).splitlines()
    assert len(lines) == 2
    assert "submitted" in lines[0]
    assert "succeeded" in lines[1]
    found = [json.loads(line) for line in jobs.ok("events", "--run", run, "-o", "jsonl").split("\n")
             if line]  # fmt: skip
    assert [event["state"] for event in found] == ["queued", "succeeded"]
    assert {event["run"] for event in found} == {run}


def test_since_goes_on_where_it_ended(jobs: Daemon) -> None:
    submit(jobs, "add", "a:=1", "--wait")
    last = json.loads(jobs.ok("events", "-n", "1", "-j"))["last"]
    run = submit(jobs, "add", "a:=1", "--wait")
    found = json.loads(jobs.ok("events", "--since", last, "-j"))["events"]
    assert {event["run"] for event in found} == {run}


def test_follow_shows_what_comes_and_an_interrupt_is_130(jobs: Daemon) -> None:
    terminal = Terminal(
        ["rtctl", "events", "-f", "--since", "0-0", "--task", "echo"], jobs.env, 120
    )
    run = submit(jobs, "echo", "value=1", "--wait")
    terminal.read_until(f"{run}  echo  finished")
    terminal.process.send_signal(2)
    text, code = terminal.finish()
    assert code == 130
    assert "Traceback" not in text


def test_the_words_of_the_table_name_events_too(jobs: Daemon) -> None:
    run = submit(jobs, "add", "a:=1", "--wait")
    for word, name in (("submitted", "submitted"), ("finished", "succeeded")):
        assert name in jobs.ok("events", "--run", run, "--type", word)
    assert jobs.ok("events", "--run", run, "--type", "failed") == ""


def test_a_name_that_is_none_of_rtd_is_said(jobs: Daemon) -> None:
    done = jobs.rtctl("events", "--type", "succeded")
    assert done.stderr == (
        "rtctl: only a task can emit an event 'succeded'; did you mean succeeded?\n"
    )
    following = Terminal(["rtctl", "events", "-f", "--type", "fin"], jobs.env, 200)
    following.read_until("rtd's own are queued, started")
    following.process.send_signal(2)
    following.finish()


def test_bad_input_is_one_line(jobs: Daemon) -> None:
    for words, code in ((["x"], 2), (["--run", "nothing-of-this-kind"], 5), (["-n", "-1"], 2)):
        done = jobs.rtctl("events", *words)
        assert (done.returncode, done.stdout, done.stderr.count("\n")) == (code, "", 1)


def test_a_task_that_there_is_not_is_said(jobs: Daemon) -> None:
    done = jobs.rtctl("events", "--task", "ad")
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr == "rtctl: the app has no task 'ad'; did you mean add?\n"
    assert jobs.rtctl("events", "--task", "ad", "-j").stderr == ""
    following = Terminal(["rtctl", "events", "-f", "--task", "ad"], jobs.env, 120)
    following.read_until("the app has no task 'ad'")
    following.process.send_signal(2)
    following.finish()
    done = jobs.rtctl("events", "--run", "")
    assert (done.returncode, done.stderr) == (2, "rtctl: events: --run is empty: name a run\n")


def test_since_takes_the_times_that_ls_takes(jobs: Daemon) -> None:
    run = submit(jobs, "add", "a:=1", "--wait")
    for text in ("5m", "-1h", "today", "2020-01-31 08:00", "@1", "@0", "0-0"):
        found = json.loads(jobs.ok("events", "--since", text, "--run", run, "-j"))["events"]
        states = [event["state"] for event in found]  # `running`: while another one follows
        assert [state for state in states if state != "running"] == ["queued", "succeeded"], text
    assert json.loads(jobs.ok("events", "--since", "+1h", "-j"))["events"] == []


def test_since_a_moment_includes_the_event_of_that_moment(jobs: Daemon) -> None:
    run = submit(jobs, "add", "a:=1", "--wait")
    ids = [event["id"] for event in json.loads(jobs.ok("events", "--run", run, "-j"))["events"]]
    second = int(ids[1].partition("-")[0]) / 1000
    found = json.loads(jobs.ok("events", "--since", f"@{second:.3f}", "--run", run, "-j"))["events"]
    assert ids[1] in [event["id"] for event in found]


def test_a_since_that_is_nothing_says_what_would_be(jobs: Daemon) -> None:
    for text in ("bogus", "", "@nan", "1-", "-1-1", f"{2**64}-0"):
        for words in ([f"--since={text}"], [f"--since={text}", "-f"]):
            done = jobs.rtctl("events", *words)
            assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1), text
            assert "event's id" in done.stderr
            assert "XRANGE" not in done.stderr


def test_numbers_beyond_64_bits_are_printed_as_numbers(jobs: Daemon) -> None:
    assert jobs.rtctl("ls", "-n", "99999999999999999999").returncode == 0
    for verb in ("events", "next"):
        done = jobs.rtctl(verb, "-n", "99999999999999999999")
        assert (done.returncode, done.stderr.count("\n")) == (2, 1)
        assert "99999999999999999999" in done.stderr
        assert "ExtType" not in done.stderr


def test_past_events_that_are_left_out_are_told(jobs: Daemon) -> None:
    with client(jobs) as rt:
        for _ in range(60):
            rt.submit("add", a=1).wait(timeout=20)
    done = jobs.rtctl("events")
    assert (done.stdout.count("\n"), done.stderr.count("\n")) == (100, 1)
    assert "rtctl: there are more; only 100 are shown" in done.stderr
    assert len(json.loads(jobs.ok("events", "-j"))["events"]) == 100
    done = jobs.rtctl("events", "-n", "3")
    assert (done.stdout.count("\n"), done.stderr) == (3, "")
    done = jobs.rtctl("events", "--since", "1h")
    assert "there are more" in done.stderr
