"""The names of output files: those of the first release, and spelled in one module."""

import re
from pathlib import Path

import pytest

from rtd.model import output_files
from tests.helpers.source import modules

FOLDER = Path("/var/output")


def test_names_are_those_of_the_first_release() -> None:
    scratch = output_files.scratch_path(FOLDER, "E", 2)
    own = FOLDER / output_files.own_file_name("R", 3)
    found = [
        scratch,
        output_files.scratch_index_path(scratch),
        output_files.spool_path(FOLDER, "E"),
        FOLDER / output_files.segment_name("E", 1),
        own,
        output_files.own_file_index_path(own),
    ]
    assert [path.name for path in found] == [
        "x-E-2.scratch", "x-E-2.index", "x-E.spool", "E.1.seg", "R.3.out", "R.3.idx",
    ]  # fmt: skip
    assert [output_files.is_finished_output(path) for path in found] == [False] * 3 + [True] * 3
    assert [path for path in found if output_files.is_own_file(path)] == [own]


def test_the_files_of_an_executor_are_found(tmp_path: Path) -> None:
    mine = [
        output_files.scratch_path(tmp_path, "E1", 0),
        output_files.scratch_index_path(output_files.scratch_path(tmp_path, "E1", 0)),
        output_files.spool_path(tmp_path, "E1"),
    ]
    others = [output_files.spool_path(tmp_path, "E2"), tmp_path / "E1.1.seg"]
    for path in (*mine, *others):
        path.touch()
    assert sorted(output_files.paths_of_executor(tmp_path, "E1")) == sorted(mine)


@pytest.mark.parametrize("suffix", ["scratch", "spool", "seg", "out", "idx"])
def test_only_one_module_spells_a_suffix(suffix: str) -> None:
    pattern = re.compile(rf"""\.{suffix}["']""")
    found = [name for name, module in modules().items() if pattern.search(module.text)]
    assert found == ["rtd.model.output_files"]
