"""The output of rtctl for people and for programs."""

import json
import time
from datetime import date
from typing import Any

import pytest

from rtctl.cli import json_output
from rtctl.cli.exit_codes import exit_code_of, exit_code_of_all, exit_code_of_outcomes
from rtctl.cli.follow import timed_lines
from rtctl.cli.run_rows import progress_text, why_text
from rtctl.cli.screen import Screen, ago, clean, cut, short_duration, shown_width
from rtctl.client.output_lines import LineAssembler


def part(data: bytes, stream: str = "out", attempt: int = 1, at: float | None = 1.0) -> Any:
    return {"sub": 1, "run": "x", "attempt": attempt, "stream": stream, "at": at, "data": data}


def lines(*parts: Any) -> list[str]:
    assembler = LineAssembler()
    found = [line for one in parts for line in assembler.feed(one)]
    return [*found, *assembler.finish()]


def test_lines_are_put_together_per_stream() -> None:
    assert lines(part(b"a"), part(b"x\n", "err"), part(b"b\nc")) == ["x", "ab", "c"]
    assert lines(part(b"\xc3"), part(b"\xa9\r\n")) == ["é"]
    assert lines(part(b"\xff\n")) == ["\ufffd"]
    assert lines(part(b"first"), part(b"second", attempt=2)) == ["first", "second"]
    assert lines(part(b"\n\n")) == ["", ""]


def test_a_line_of_64_mb_takes_as_long_as_its_bytes() -> None:
    """Each piece is copied once; adding each to those before it would copy 32 GB."""
    began = time.process_time()
    piece = part(b"x" * 65_536)
    found = lines(*[piece] * 1024, part(b"\nrest"))
    assert [len(line) for line in found] == [64 << 20, 4]
    assert time.process_time() - began < 8.0


def test_timed_lines_are_those_of_the_output() -> None:
    at = time.mktime((2026, 1, 31, 8, 0, 1, 0, 0, -1)) + 0.25
    head = f"2026-01-31 08:00:01.250 {time.localtime(at).tm_zone} out | "
    assert timed_lines(b"a\nb\r\n\nc\n", part(b"", at=at)) == "\n".join(
        [f"{head}a", f"{head}b", head, f"{head}c"]
    )
    assert timed_lines(b"\xff", part(b"", "err", at=None)) == "- err | \ufffd"


def row(state: str, exit: list[int | None] | None = None) -> Any:
    return {"state": state, "exit": exit}


@pytest.mark.parametrize(
    ("found", "code"),
    [
        (row("succeeded"), 0),
        (row("succeeded", [0, None]), 0),
        (row("error"), 1),
        (row("error", [37, None]), 37),
        (row("error", [None, 9]), 137),
        (row("exception"), 1),
        (row("terminated"), 143),
        (row("terminated", [0, None]), 143),
        (row("terminated", [None, 9]), 137),
        (row("lost"), 75),
        (row("cancelled"), 125),
        (row("running"), 3),
    ],
)
def test_the_code_of_a_run(found: Any, code: int) -> None:
    assert exit_code_of(found) == code


def test_the_code_of_several() -> None:
    good, bad = row("succeeded"), row("error", [37, None])
    assert [exit_code_of_all(rows) for rows in ([bad], [good, good], [good, bad], [bad, bad])] == [
        37,
        0,
        8,
        1,
    ]
    fine: Any = {"error": None}
    wrong: Any = {"error": ["no_such_run", "there is none"]}
    assert [exit_code_of_outcomes(o) for o in ([fine], [wrong], [fine, wrong], [wrong, wrong])] == [
        0,
        5,
        8,
        5,
    ]


def test_json_reads_times_but_not_in_what_users_put_in() -> None:
    answer = {
        "started_at": 0,
        "ended_at": None,
        "params": {"started_at": 0, "pids": [[1]]},
        "value": {(1, 2): {3}, "day": date(2026, 1, 31), "nan": float("nan"), "raw": b"\xff"},
        "pids": [[7, "sh", "killed"]],
    }
    assert json.loads(json_output.envelope("x", answer, None)) == {
        "schema": "rtctl.x/1",
        "started_at": "1970-01-01T00:00:00.000Z",
        "ended_at": None,
        "params": {"started_at": 0, "pids": [[1]]},
        "value": {"[1, 2]": [3], "day": "2026-01-31", "nan": "nan", "raw": {"base64": "/w=="}},
        "pids": [{"pid": 7, "name": "sh", "how": "killed"}],
    }


def test_texts_fit_and_cannot_paint() -> None:
    assert cut("abcdef", 4) == "abc…"
    assert cut("日本語", 5) == "日本…"
    assert shown_width("日本e\u0301") == 5
    assert clean("a\n\tb\033[31m\u202e") == "a b\ufffd[31m\ufffd"


@pytest.mark.parametrize(
    ("done", "total", "shown"),
    [(4, 10, "40% 4/10 x"), (12, 10, "120% 12/10 x"), (0, 0, "100% 0/0 x"), (5, 0, "5/0 x"),
     (5, None, "5 x"), (0, 10, "0% 0/10 x")],
)  # fmt: skip
def test_progress_is_shown_as_it_was_reported(done: float, total: float | None, shown: str) -> None:
    row: Any = {"progress": {"done": done, "total": total, "text": "x", "at": 1.0}}
    assert progress_text(row) == shown


def test_ages_read_well() -> None:
    assert [short_duration(s) for s in (0.2, 59.9, 61, 3 * 3600)] == ["0s", "59s", "1m01s", "3h00m"]
    assert [ago(a, 100.0) for a in (None, 97.0, 160.0)] == ["-", "3s ago", "in 1m00s"]


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        (80, f"12345678  {'t' * 29}…  succeeded  1ms   {'w' * 20}…"),
        (60, f"12345678  {'t' * 15}…  succeeded  1ms   {'w' * 14}…"),
        (50, f"12345678  {'t' * 11}…  succeeded  1ms   {'w' * 8}…"),
    ],
)
def test_a_long_name_leaves_room_for_what_is_most_worth_knowing(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    columns: int,
    expected: str,
) -> None:
    screen = Screen("never")
    screen.is_terminal = True
    monkeypatch.setenv("COLUMNS", str(columns))
    row = ("12345678", "t" * 90, "succeeded", "1ms", "w" * 90)
    screen.print_table(("ID", "TASK", "STATE", "TIME", "WHAT"), [row])
    _, line = capsys.readouterr().out.splitlines()
    assert line == expected
    assert len(line) <= columns


def test_what_a_person_has_typed_comes_first() -> None:
    by = "uid 0 (root) pid 18615"
    found: Any = {"why": f"killed by {by}: the tour goes on", "by": by}
    assert why_text(found) == "the tour goes on (killed by root)"
    found["why"] = f"killed by {by}"
    assert why_text(found) == "killed by root"
    assert why_text({"why": "no by uid 0: x", "by": None}) == "no by uid 0: x"  # type: ignore[typeddict-item]


def test_a_last_column_that_wraps_is_shown_in_full(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", "40")
    why = "rtd was not running; the window had closed when it came back"
    Screen("never").print_table(("DUE", "WHY"), [("2026-01-31", why)], wrap=True)
    shown = capsys.readouterr().out.splitlines()
    assert max(map(len, shown)) <= 40
    assert [line[:10].strip() for line in shown] == ["DUE", "2026-01-31", "", ""]
    assert " ".join(line[12:] for line in shown[1:]) == why


def test_paths_are_cut_in_their_middle() -> None:
    text = "python /srv/shop/releases/2026-01-31/scripts/backup.py --all"
    assert len(cut(text, 40)) == 40
    assert cut(text, 40).startswith("python /srv")
    assert cut(text, 40).endswith("/backup.py --all")
    assert cut("/a/b", 3) == "/a…"
    for width in range(1, 70):
        assert len(cut(text, width)) <= width


def test_wide_tables_are_not_cut(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", "40")
    screen = Screen("never")
    screen.print_table(("A", "B"), [("x" * 30, "y" * 50)])
    assert max(map(len, capsys.readouterr().out.splitlines())) <= 40
    screen.is_wide = True
    screen.print_table(("A", "B"), [("x" * 30, "y" * 50)])
    assert "x" * 30 + "  " + "y" * 50 in capsys.readouterr().out
