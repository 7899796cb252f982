"""Stops of all runs of an executor, read at once."""

from pathlib import Path

import pytest

from rtd.process.board.board import Board
from rtd.process.board.stop_words import StopWords

FIRST, COUNT = 3, 5


@pytest.fixture
def board(tmp_path: Path) -> Board:
    board = Board.create(tmp_path / "board")
    board.reserve(FIRST + COUNT)
    for slot in range(FIRST, FIRST + COUNT):
        board.allocate_slot(slot, 1, 2, "async")
    return board


def stops_of(board: Board) -> StopWords:
    return StopWords([board.slot(slot) for slot in range(FIRST, FIRST + COUNT)])


def test_each_stop_is_read_once(board: Board) -> None:
    stops = stops_of(board)
    assert list(stops.read_new()) == []
    board.set_stop(FIRST, 77)
    board.set_stop(FIRST + COUNT - 1, 78)
    assert list(stops.read_new()) == [(FIRST, 77), (FIRST + COUNT - 1, 78)]
    assert list(stops.read_new()) == []
    board.set_stop(FIRST, 79)
    assert list(stops.read_new()) == [(FIRST, 79)]


def test_the_same_stop_counts_again_for_the_next_run_of_the_slot(board: Board) -> None:
    stops = stops_of(board)
    board.set_stop(5, 77)
    assert list(stops.read_new()) == [(5, 77)]
    stops.begin_run(5)
    assert list(stops.read_new()) == [(5, 77)]


def test_stops_of_other_executors_are_not_read(board: Board) -> None:
    board.reserve(FIRST + COUNT + 1)
    stops = stops_of(board)
    board.set_stop(FIRST - 1, 1)
    board.set_stop(FIRST + COUNT, 2)
    assert list(stops.read_new()) == []
