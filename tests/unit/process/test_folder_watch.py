"""Changes in folders, as the kernel reports them."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from rtd.process.events.inotify import FolderWatch

IGNORED = frozenset({"__pycache__"})


@pytest.fixture
def watch() -> Iterator[FolderWatch]:
    found = FolderWatch()
    yield found
    found.close()


def changed(watch: FolderWatch) -> bool:
    return watch.has_changed(IGNORED, lambda name: name.endswith(".py"))


def test_files_that_are_written_matter_by_their_name(tmp_path: Path, watch: FolderWatch) -> None:
    for name in ("a.py", "notes.txt"):
        (tmp_path / name).touch()
    assert watch.watch({str(tmp_path): None})
    assert not changed(watch)
    (tmp_path / "notes.txt").write_text("x")
    assert not changed(watch)
    (tmp_path / "a.py").write_text("x")
    assert changed(watch)
    assert not changed(watch)


def test_a_file_that_comes_goes_or_is_renamed_matters_under_any_name(
    tmp_path: Path, watch: FolderWatch
) -> None:
    watch.watch({str(tmp_path): None})
    (tmp_path / "link").symlink_to("nowhere")
    assert changed(watch)
    (tmp_path / "link").rename(tmp_path / "other")
    assert changed(watch)
    (tmp_path / "other").unlink()
    assert changed(watch)
    (tmp_path / "folder").mkdir()
    assert changed(watch)
    (tmp_path / "__pycache__").mkdir()
    assert not changed(watch)


def test_of_a_folder_above_only_one_name_matters(tmp_path: Path, watch: FolderWatch) -> None:
    watch.watch({str(tmp_path): frozenset({"tasks"})})
    (tmp_path / "others").mkdir()
    assert not changed(watch)
    (tmp_path / "tasks").mkdir()
    assert changed(watch)


def test_folders_come_and_go(tmp_path: Path, watch: FolderWatch) -> None:
    one, two = tmp_path / "one", tmp_path / "two"
    one.mkdir()
    two.mkdir()
    assert watch.watch({str(one): None, str(two): None, str(tmp_path / "none"): None})
    assert not watch.watch({str(one): None, str(two): None})
    assert not watch.watch({str(one): None})
    (two / "a.py").touch()
    assert not changed(watch)
    one.rmdir()
    assert changed(watch)
    one.mkdir()
    assert watch.watch({str(one): None})
    (one / "a.py").touch()
    assert changed(watch)
