"""rtctl cond: the value of a condition and the reason, without a daemon."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from tests.helpers.daemon import Daemon

AT = ("--at", "2026-03-07 12:00", "--tz", "Europe/Helsinki")


@pytest.fixture(scope="module")
def no_daemon() -> Iterator[Daemon]:
    """The environment of a daemon that was never started."""
    daemon = Daemon()
    yield daemon
    daemon.close()


def answer(daemon: Daemon, *words: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(daemon.ok("cond", *words, "-j"))
    return found


def test_the_tree_tells_each_value_and_the_next_changes_follow(no_daemon: Daemon) -> None:
    text = "daily between 22:00 and 02:00 & ~time of week on Sunday"
    lines = no_daemon.ok("cond", text, *AT).splitlines()
    assert lines[0] == "at Sat 2026-03-07 12:00:00 EET (Europe/Helsinki)"
    assert lines[1].startswith(f"  false  {text}: ")
    assert lines[2].startswith("    false  daily between 22:00 and 02:00: it is 12:00:00")
    assert lines[3].startswith("    true   ~time of week on Sunday: ")
    assert lines[5:] == [
        "then",
        "  true   Sat 2026-03-07 22:00:00 EET",
        "  false  Sun 2026-03-08 00:00:00 EET",
        "  true   Mon 2026-03-09 00:00:00 EET",
        "  false  Mon 2026-03-09 02:00:00 EET",
        "  true   Mon 2026-03-09 22:00:00 EET",
        "also changed by its own runs",
    ]


def test_a_change_of_clocks_is_in_the_times(no_daemon: Daemon) -> None:
    found = answer(
        no_daemon, "time of day between 02:00 and 05:00", "--at", "2026-03-28 12:00", *AT[2:]
    )
    assert [change["at"] for change in found["changes"]][:3] == [
        "2026-03-29T02:00:00+02:00",
        "2026-03-29T05:00:00+03:00",
        "2026-03-30T02:00:00+03:00",
    ]
    assert [change["value"] for change in found["changes"]] == [True, False, True, False, True]


def test_json_has_what_a_program_needs(no_daemon: Daemon) -> None:
    text = "after task 'fetch' succeeded &  host load above 4"
    found = answer(no_daemon, text, *AT, "--task", "report")
    assert found["schema"] == "rtctl.cond/1"
    assert found["condition"] == "after task 'fetch' & host load above 4"
    assert (found["task"], found["timezone"]) == ("report", "Europe/Helsinki")
    assert (found["at"], found["value"]) == ("2026-03-07T12:00:00+02:00", False)
    assert [part["value"] for part in found["explanation"]["children"]] == [False, False]
    assert (found["changes"], found["searched_until"]) == ([], None)
    assert {"task": "fetch", "action": "success"} in found["watches"]
    assert {"task": "report", "action": "run"} in found["watches"]
    assert found["polls"] == ["host"]


def test_jsonl_is_a_change_a_line(no_daemon: Daemon) -> None:
    lines = no_daemon.ok("cond", "time of day after 20:00", *AT, "-o", "jsonl").splitlines()
    assert len(lines) == 5
    assert json.loads(lines[0]) == {"at": "2026-03-07T20:00:00+02:00", "value": True}


def test_a_condition_that_only_an_event_can_change_says_so(no_daemon: Daemon) -> None:
    text = no_daemon.ok("cond", "after task 'fetch' failed | has succeeded today")
    assert "time alone does not change it" in text
    assert text.endswith("also changed by its own runs, runs of fetch\n")


def test_a_search_that_finds_nothing_ends_and_says_how_far_it_went(no_daemon: Daemon) -> None:
    text = "time of minute before 30 & time of minute after 40"
    lines = no_daemon.ok("cond", text, *AT).splitlines()
    assert lines[-1].startswith("no further change was found up to ")
    assert answer(no_daemon, text, *AT)["searched_until"].startswith("2026-03-")


@pytest.mark.parametrize(
    ("text", "value"), [("true", "true\n"), ("time of day before 08:00", "false\n")]
)
def test_quiet_is_the_value_alone(no_daemon: Daemon, text: str, value: str) -> None:
    assert no_daemon.ok("cond", "-q", text, *AT) == value


def test_variables_are_those_of_the_shell(no_daemon: Daemon) -> None:
    no_daemon.env["COND_TEST"] = "yes"
    assert no_daemon.ok("cond", "-q", "env 'COND_TEST' is 'yes'") == "true\n"


@pytest.mark.parametrize("zone", ["America/New_York", ":Asia/Tokyo"])
def test_without_a_zone_it_is_the_one_of_the_shell(no_daemon: Daemon, zone: str) -> None:
    no_daemon.env["TZ"] = zone
    try:
        assert answer(no_daemon, "true")["timezone"] == zone.removeprefix(":")
    finally:
        del no_daemon.env["TZ"]


def test_words_need_no_quotes_where_the_shell_leaves_them_alone(no_daemon: Daemon) -> None:
    assert answer(no_daemon, "every", "10", "minutes")["condition"] == "every 10 minutes"


@pytest.mark.parametrize(
    ("text", "column", "problem"),
    [
        ("daily after 8", 13, "did you mean `08:00`?"),
        ("daily & after task 'x", 20, "this quote is never closed"),
        ("daily &\nhourly past", 8, "did you mean `after 15:00`?"),
        ("", 1, "the condition is empty"),
        ("true (false)", 6, "two conditions without an operator"),
    ],
)
def test_a_fault_is_pointed_at(no_daemon: Daemon, text: str, column: int, problem: str) -> None:
    done = no_daemon.rtctl("cond", text)
    assert (done.returncode, done.stdout) == (2, "")
    head, line, caret = done.stderr.splitlines()
    assert head.startswith("rtctl: cond: line ")
    assert f"column {column}: " in head
    assert problem in head
    assert line.startswith("    ")
    assert caret == " " * (4 + column - 1) + "^"


@pytest.mark.parametrize(
    "words",
    [
        (),
        ("daily", "--tz", "Nowhere/At_all"),
        ("daily", "--tz", ""),
        ("daily", "--at", "25:00"),
        ("daily", "--at", "@1e18"),
        ("daily", "--at", "@nan"),
        ("daily", "--at", "@inf"),
    ],
)
def test_a_wrong_call_is_one_line(no_daemon: Daemon, words: tuple[str, ...]) -> None:
    done = no_daemon.rtctl("cond", *words)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)


def test_no_other_verb_reads_the_language(no_daemon: Daemon) -> None:
    script = (
        "import sys\nfrom rtctl.main import main\nmain({words})\n"
        "assert ('rtd.language' in sys.modules) is {loaded}"
    )
    for words, loaded in ((["ls"], False), (["help"], False), (["cond", "true"], True)):
        done = no_daemon.python(script.format(words=words, loaded=loaded))
        assert done.returncode == 0, done.stderr
