"""The table of lanes names everything that a lane needs, and everything is there."""

import subprocess
import sys
from pathlib import Path

import pytest

from rtd.common.ids import new_id, to_words
from rtd.config.config import default_lanes
from rtd.config.setting_readers import READERS
from rtd.executor.executor import load_lane
from rtd.executor.lanes.base_lane import BaseLane
from rtd.model.lanes import LANE_OF, LANES, LOG_LANE, MAIN_LANE, TASK_LANES, Lane, find_lane
from rtd.process.board.board import Board
from tests.helpers.source import ROOT

LANES_GUIDE = ROOT / "docs" / "guides" / "lanes.md"
WITH_RUNS = [lane for lane in LANES if lane.name != LOG_LANE]


def by_name(lane: Lane) -> str:
    return lane.name


@pytest.mark.parametrize("lane", WITH_RUNS, ids=by_name)
def test_a_lane_has_a_class_that_carries_out_its_runs(lane: Lane) -> None:
    strategy = load_lane(lane)
    assert issubclass(strategy, BaseLane)
    assert not strategy.__abstractmethods__


@pytest.mark.parametrize("lane", WITH_RUNS, ids=by_name)
def test_a_lane_can_be_configured(lane: Lane) -> None:
    assert lane.configurable
    assert f"lanes.{lane.name}.max" in READERS
    assert default_lanes()[lane.name].max >= lane.max


@pytest.mark.parametrize("name", [*TASK_LANES, "fresh"])
def test_a_lane_has_its_row_in_the_guide(name: str) -> None:
    rows = [row for row in LANES_GUIDE.read_text().splitlines() if row.startswith("| `")]
    shown = "`process` with `fresh=True`" if name == "fresh" else f"`{name}`"
    found = any(row.startswith(f"| {shown} |") for row in rows)
    assert found, f"{LANES_GUIDE.relative_to(ROOT)} has no row for {shown}"


@pytest.mark.parametrize("lane", LANES, ids=by_name)
def test_the_board_shows_the_lane_of_a_slot(lane: Lane, tmp_path: Path) -> None:
    board = Board.create(tmp_path / "board")
    board.reserve(1)
    board.allocate_slot(0, *to_words(new_id()), lane.name)
    board.set_owner(0, 1, 1)
    seen = board.read_slot(0)
    assert seen is not None
    assert (seen.lane_number, seen.lane) == (lane.number, lane.name)


def test_numbers_on_the_board_are_those_of_the_first_release() -> None:
    first = {
        "process": 1, "fresh": 2, "thread": 3, "main": 4, "async": 5, "command": 7, "log": 8,
        "greenlet": 9,
    }  # fmt: skip
    assert {name: LANE_OF[name].number for name in first} == first
    numbers = [lane.number for lane in LANES]
    assert len(set(numbers)) == len(numbers), "two lanes have one number"
    assert 6 not in numbers, "6 was kept for a lane that never came: take a higher one"


def test_every_module_of_the_folder_is_used_by_a_lane() -> None:
    folder = ROOT / "rtd" / "executor" / "lanes"
    shared = {"__init__", "base_lane", "batch_size", "concurrent", "run_stops", "serial"}
    named = {lane.strategy.partition(":")[0] for lane in WITH_RUNS}
    assert {path.stem for path in folder.glob("*.py")} - shared == named


def test_an_unknown_lane_is_refused() -> None:
    assert find_lane(MAIN_LANE) is LANE_OF["main"]
    with pytest.raises(ValueError, match="there is no lane 'fibre'"):
        find_lane("fibre")


def test_an_executor_imports_asyncio_only_for_its_lane() -> None:
    code = "import sys, rtd.executor.executor; print('asyncio' in sys.modules)"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "False"
