"""Which files a loader means, and whether they have changed."""

import os
from pathlib import Path

import pytest

from rtd.model.task_file_survey import compile_glob, survey_files


@pytest.mark.parametrize(
    ("glob", "matching", "others"),
    [
        ("**/*.py", ["a.py", "x/a.py", "x/y/a.py"], ["a.pyc", "x/a.txt"]),
        ("**/tasks.py", ["tasks.py", "x/tasks.py"], ["mytasks.py", "tasks.py/x", "x/tasks_py"]),
        ("*.py", ["a.py"], ["x/a.py"]),
        ("x/*/t?.py", ["x/y/t1.py"], ["x/t1.py", "x/y/t.py", "x/y/z/t1.py"]),
        ("[ab].py", ["a.py", "b.py"], ["c.py"]),
        ("[!ab].py", ["c.py"], ["a.py"]),
        ("./a+b.py", ["a+b.py"], ["aab.py"]),
        ("**", ["a", "x/b.txt"], []),
    ],
)
def test_a_pattern_means_what_it_means_elsewhere(
    glob: str, matching: list[str], others: list[str]
) -> None:
    found = compile_glob(glob)
    assert [path for path in matching if not found.fullmatch(path)] == []
    assert [path for path in others if found.fullmatch(path)] == []


@pytest.mark.parametrize("glob", ["", "/etc/*.py", "../*.py", "x/"])
def test_a_text_that_is_no_pattern_of_files_is_refused(glob: str) -> None:
    with pytest.raises(ValueError, match="is no pattern"):
        compile_glob(glob)


def test_files_come_in_the_order_of_their_paths_from_any_depth(tmp_path: Path) -> None:
    for name in ("b/tasks.py", "a/deep/er/tasks.py", "tasks.py", "b/other.py"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / ".#tasks.py").touch()
    os.mkfifo(tmp_path / "b" / "pipe.py")
    for hidden in ("__pycache__", ".venv", "site-packages"):
        (tmp_path / hidden).mkdir()
        (tmp_path / hidden / "tasks.py").touch()
    found = survey_files(str(tmp_path), "**/[tp]*.py")
    names = [os.path.relpath(file, tmp_path) for file in found.files]
    assert names == ["a/deep/er/tasks.py", "b/tasks.py", "tasks.py"]
    assert len(found.folders) == 5


def test_a_folder_that_links_to_one_above_ends_nowhere_and_links_to_nothing_are_not_there(
    tmp_path: Path,
) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "t.py").touch()
    (tmp_path / "a" / "round").symlink_to(tmp_path)
    (tmp_path / "a" / "gone.py").symlink_to(tmp_path / "nowhere")
    assert list(survey_files(str(tmp_path), "**/*.py").files) == [str(tmp_path / "a" / "t.py")]


def test_the_stamp_is_another_one_after_each_change(tmp_path: Path) -> None:
    def stamp() -> str:
        return survey_files(str(tmp_path), "*.py").stamp

    stamps = [stamp()]
    file = tmp_path / "a.py"
    file.write_text("1")
    stamps.append(stamp())
    other = tmp_path / "other"
    other.write_text("2")
    os.utime(other, ns=(file.stat().st_atime_ns, file.stat().st_mtime_ns))
    assert stamp() == stamps[-1]
    other.replace(file)  # the same size and time
    stamps.append(stamp())
    file.rename(tmp_path / "b.py")
    stamps.append(stamp())
    (tmp_path / "b.py").unlink()
    assert len(set(stamps)) == len(stamps)
    assert stamp() == stamps[0]
    assert survey_files(str(tmp_path / "none"), "*.py").folders == ()
