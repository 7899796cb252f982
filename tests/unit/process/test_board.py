"""The board, read by one process while others write it."""

import os
import signal
import time
from pathlib import Path

import pytest

from rtd.common.errors import Conflict
from rtd.common.ids import new_id, to_words
from rtd.process.board import board_file
from rtd.process.board.board import FLAG_SAMPLE, RANGE_SLOTS, RETIRE_WORD, SLOTS, Board
from rtd.process.tree.process_identity import start_ticks

HOUR_NS = 3_600_000_000_000


@pytest.fixture
def board(tmp_path: Path) -> Board:
    return Board.create(tmp_path / "board")


def own(board: Board, slot: int, lane: str = "process") -> str:
    """Hand a slot to this process, as a zygote does."""
    exec_id = new_id()
    board.reserve(slot + 1)
    board.allocate_slot(slot, *to_words(exec_id), lane)
    board.set_owner(slot, os.getpid(), start_ticks(os.getpid()) or 0)
    return exec_id


def test_a_run_is_seen_from_its_begin_to_its_end(board: Board) -> None:
    exec_id, run_id = own(board, 7, "thread"), new_id()
    slot = board.slot(7)
    assert board.scan() == []
    slot.begin(*to_words(run_id), 11, 22, FLAG_SAMPLE, 33, 44, 3)
    (seen,) = board.scan()
    assert (seen.slot, seen.exec_id, seen.run_id, seen.lane) == (7, exec_id, run_id, "thread")
    assert (seen.pid, seen.started_ns, seen.deadline_ns) == (os.getpid(), 11, 22)
    assert (seen.flags, seen.memory_limit_bytes, seen.cpu_limit_ns, seen.attempt) == (1, 33, 44, 3)
    assert board.running() == {to_words(run_id): 7}
    slot.end()
    assert board.scan() == []
    assert board.running() == {}
    assert [s.slot for s in board.owned_slots()] == [7]


def test_the_first_and_the_last_slot_can_be_used(board: Board) -> None:
    for index in (0, SLOTS - 1):
        own(board, index)
        board.slot(index).begin(1, 2, 3)
    assert [s.slot for s in board.scan()] == [0, SLOTS - 1]


def test_the_file_takes_room_for_the_slots_that_are_used(board: Board) -> None:
    def size() -> int:
        return board.path.stat().st_blocks * 512

    assert size() <= 80 << 10
    board.reserve(5000)
    room = size()
    assert 5000 * 128 <= room < 5000 * 128 + (128 << 10)
    board.reserve(4000)  # they have it
    assert size() == room
    own(board, RANGE_SLOTS + 3)
    assert [seen.slot for seen in board.owned_slots()] == [RANGE_SLOTS + 3]


def test_a_board_that_was_replaced_gets_no_room(board: Board) -> None:
    board.path.unlink()
    Board.create(board.path)
    board.reserve(1)  # it had room
    with pytest.raises(FileNotFoundError, match="replaced"):
        board.reserve(1000)


def test_a_new_supervisor_finds_the_runs_of_the_old_one(board: Board) -> None:
    own(board, 1)
    board.slot(1).begin(*to_words(run_id := new_id()), 1)
    board.set_supervisor(os.getpid(), 5)
    again = Board.create(board.path)
    assert [s.run_id for s in again.scan()] == [run_id]
    assert again.supervisor == (os.getpid(), 5)


def test_a_board_of_another_boot_is_replaced_and_old_mappings_stay_whole(board: Board) -> None:
    own(board, 1)
    board.slot(1).begin(1, 2, 3)
    board.words[3] ^= 1
    assert Board.create(board.path).owned_slots() == []
    assert len(board.scan()) == 1


def test_a_file_that_is_no_board_is_refused_with_its_name(tmp_path: Path) -> None:
    path = tmp_path / "board"
    with path.open("wb") as file:
        file.truncate(board_file.BYTES)
    with pytest.raises(Conflict, match=str(path)):
        Board(path)
    path.write_bytes(b"short")
    with pytest.raises(Conflict, match="is no board"):
        Board(path)


def test_only_runs_that_the_next_scan_would_miss_ring(board: Board) -> None:
    own(board, 0)
    slot = board.slot(0)

    def rings(next_scan_ns: int, deadline_ns: int, flags: int = 0) -> int:
        board.set_next_scan(next_scan_ns)
        slot.begin(1, 2, HOUR_NS, deadline_ns, flags)
        slot.end()
        return board.wakeup_fifo.drain()

    assert rings(0, 0) == 0
    assert rings(0, 2 * HOUR_NS) == 1
    assert rings(3 * HOUR_NS, 2 * HOUR_NS) == 1
    assert rings(2 * HOUR_NS, 3 * HOUR_NS) == 0
    assert rings(0, 0, FLAG_SAMPLE) == 1
    assert rings(2 * HOUR_NS, 0, FLAG_SAMPLE) == 1
    assert rings(HOUR_NS + 1000, 0, FLAG_SAMPLE) == 0


def test_a_full_bell_never_holds_an_executor_up(board: Board) -> None:
    for _ in range(70_000):
        board.wakeup_fifo.wake()
    assert board.wakeup_fifo.drain() == 65_536
    assert board.wakeup_fifo.drain() == 0


def test_a_stop_names_its_run_and_survives_a_retirement(board: Board) -> None:
    own(board, 0)
    slot = board.slot(0)
    assert (slot.stop_word, slot.retiring) == (0, False)
    slot.begin(1, 77, 3)
    board.set_stop(0, 77)
    board.set_retire(0)
    assert (slot.stop_word, slot.retiring) == (77, True)
    slot.end()
    assert slot.stop_word == RETIRE_WORD
    slot.begin(1, 78, 3)
    assert slot.stop_word == RETIRE_WORD


def test_a_slot_that_is_handed_out_again_remembers_nothing(board: Board) -> None:
    own(board, 0)
    board.slot(0).begin(1, 2, 3)
    board.set_stop(0, 2)
    board.set_retire(0)
    board.release_slot(0)
    assert board.read_slot(0) is None
    assert board.scan() == []
    own(board, 0)
    slot = board.slot(0)
    assert (slot.stop_word, slot.retiring, board.scan()) == (0, False, [])


def _write_until_killed(board: Board, index: int) -> None:
    slot = board.slot(index)
    n = 0
    while True:
        n += 1
        slot.begin(n, n, n, n, 0, n, n, n)
        slot.end()


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_readers_never_see_half_of_a_run(board: Board) -> None:
    board.set_next_scan(1)  # nothing is due before it: no ringing
    pids = []
    try:
        for index in range(2):
            own(board, index)
            pid = os.fork()
            if pid == 0:
                _write_until_killed(board, index)
            pids.append(pid)
        reads, deadline = 0, time.monotonic() + 20
        while reads < 30_000 and time.monotonic() < deadline:
            looked = [board.read_slot(0), board.read_slot(1)]
            for seen in [*board.scan(), *(s for s in looked if s and s.running)]:
                words = {*seen.run_words, *seen[6:8], *seen[9:12]}
                assert len(words) == 1, seen
                reads += 1
        assert reads >= 30_000
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
    seqs = [board.words[(i + 1) * 16] & 1 for i in range(2)]
    running = {s.slot for s in board.scan()}
    assert running == {i for i, odd in enumerate(seqs) if odd}
