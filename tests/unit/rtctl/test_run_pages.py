"""Lists of runs that take several answers."""

from typing import Any, cast

from rtctl.client.run_pages import PAGE_MAX, RunPages


def answer(ids: str, more: bool, at: int | None) -> Any:
    """An answer to `ls` with these runs."""
    return cast(Any, {"runs": [{"id": i} for i in ids], "more": more, "next": at, "totals": {}})


def test_each_run_once_although_answers_overlap() -> None:
    pages = RunPages(None)
    assert pages.span == (PAGE_MAX, None)
    assert pages.add(answer("abc", True, 2))
    assert pages.span == (PAGE_MAX, 2)
    assert pages.add(answer("cd", True, 4))
    assert not pages.add(answer("e", False, None))
    assert [row["id"] for row in pages.rows] == [*"abcde"]
    assert not pages.more


def test_it_stops_at_the_limit_and_says_that_there_is_more() -> None:
    pages = RunPages(4)
    assert pages.span == (4, None)
    assert pages.add(answer("ab", True, 9_000))
    assert pages.span == (2, 9_000)
    assert not pages.add(answer("cd", True, 9_100))
    assert (len(pages.rows), pages.more) == (4, True)


def test_waiting_runs_that_had_no_room_are_told_though_ended_ones_follow() -> None:
    pages = RunPages(None)
    assert pages.add(answer("ab", True, 0))
    assert not pages.add(answer("cd", False, None))
    assert pages.more
    pages = RunPages(None)
    assert not pages.add(answer("ab", True, None))
    assert pages.more
