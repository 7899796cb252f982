"""The golden files: the board, an executor's spool, and the output of its runs."""

from pathlib import Path
from unittest.mock import patch

import msgpack

from rtd.common.ids import to_words
from rtd.executor.output.scratch_file import ScratchFile
from rtd.executor.output.segments import Segments
from rtd.model.outcome_spool import Spool
from rtd.model.output_index import ERR, OUT
from rtd.process.board.board import FLAG_SAMPLE, Board
from rtd.store.commands.arguments import LeaseOutcome
from tests.golden.write_records import AT, EXECUTOR, RUN_ID, run_id, run_records

#: Where the board's header has a number that stands for the boot of the host.
_BOOT_AT, _BOOT = 24, b"no boot."


def stored_files(home: Path) -> dict[str, bytes]:
    """The content of each file by its golden name."""
    with patch("time.time", return_value=AT):
        segment, scratch, index = _output(home)
    return {
        "board": _board(home / "board"),
        "spool": _spool(home / "spool"),
        "segment": segment,
        "scratch": scratch,
        "scratch_index": index,
    }


def _board(path: Path) -> bytes:
    """Three executors: one on a run with limits, one idle, one retired. Without the zeros at its
    end, where no slot has an owner."""
    board = Board.create(path)
    board.set_supervisor(4242, 99)
    board.set_serving_generation(3)
    lanes = ("process", "thread", "command")
    for number, lane in enumerate(lanes):
        high, low = to_words(EXECUTOR)
        board.reserve(number + 1)
        board.allocate_slot(number, high, low + number, lane)
        board.set_owner(number, 5000 + number, 100 + number)
    high, low = to_words(RUN_ID)
    board.slot(0).begin(high, low, 10**9, 2 * 10**9, FLAG_SAMPLE, 1 << 20, 3 * 10**9, 2)
    board.set_stop(0, low)
    ended = board.slot(1)
    ended.begin(high, low, 10**9)
    ended.end()
    board.set_retire(2)
    blob = path.read_bytes().rstrip(b"\0")
    return blob[:_BOOT_AT] + _BOOT + blob[_BOOT_AT + len(_BOOT) :]


def _spool(path: Path) -> bytes:
    """Two outcomes that Redis has not taken, as `OutcomeBatch` adds them."""
    spool = Spool(path)
    records = run_records()
    done = LeaseOutcome(RUN_ID, "report", "d", records["executor_succeeded"])
    again = LeaseOutcome(run_id(1), "report", "a", records["executor_again"], 1_800_000_009_000)
    spool.add(msgpack.packb([*done, [AT + 2, RUN_ID, "report", "finished", "s", ""]]))
    spool.add(msgpack.packb([*again, [AT + 2, run_id(1), "report", "retry", "x", "no rows"]]))
    return path.read_bytes()


def _output(home: Path) -> tuple[bytes, bytes, bytes]:
    """A segment with the output of two runs, and the live output of a third with its index."""
    scratch = ScratchFile(home / "0.scratch", 1 << 20)
    segments = Segments(home, EXECUTOR)
    for number in range(3):
        scratch.write(b"to the output\n", OUT)
        scratch.write(b"error %d\n" % number, ERR)
        if number < 2:
            segments.store_output(scratch, run_id(number), 1)
    segment = (home / f"{EXECUTOR}.1.seg").read_bytes()
    return segment, scratch.path.read_bytes(), scratch.index()
