"""The scratch file of a slot that shares its process: open only while a run has output."""

import os
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from rtd.common.ids import new_id
from rtd.executor.output.lazy_scratch_file import LazyScratchFile
from rtd.executor.output.scratch_file import ScratchFile
from rtd.executor.output.segments import Segments
from rtd.model.output_files import file_place
from rtd.model.output_index import OUT, RAW, iter_entries
from rtd.process.traits.descriptors import are_lost

SLOTS = 300
LIMIT = 4 << 20


@pytest.fixture
def files(tmp_path: Path) -> Iterator[list[LazyScratchFile]]:
    """The files of an executor with many slots."""
    opened: set[LazyScratchFile] = set()
    found = [LazyScratchFile(tmp_path / f"{n}.scratch", LIMIT, opened) for n in range(SLOTS)]
    yield found
    for file in found:
        file.remove()


@pytest.fixture
def segments(tmp_path: Path) -> Segments:
    return Segments(tmp_path, "E")


def count_open() -> int:
    return len(os.listdir("/proc/self/fd"))


@contextmanager
def no_descriptor_left() -> Iterator[None]:
    """No file can be opened."""
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    free = os.dup(0)
    os.close(free)
    resource.setrlimit(resource.RLIMIT_NOFILE, (free, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)


def store(file: LazyScratchFile, segments: Segments, folder: Path) -> bytes:
    """Store the output of a run. Returns it."""
    kept = segments.store_output(file, new_id(), 1)
    assert kept is not None
    name, offset, length, _, _ = kept
    return (folder / name).read_bytes()[offset : offset + length]


def test_slots_without_output_have_no_descriptor_and_no_file(
    files: list[LazyScratchFile], tmp_path: Path
) -> None:
    before = count_open()
    assert [file.size() for file in files] == [0] * SLOTS
    assert list(tmp_path.iterdir()) == []
    files[0].write(b"one\n", OUT)
    assert count_open() == before + 2
    assert files[0].path.read_bytes() == b"one\n"
    assert len(files[0].index_path.read_bytes()) == files[0].index_bytes > 0


def test_many_files_are_open_only_while_their_runs_have_output(
    files: list[LazyScratchFile], segments: Segments, tmp_path: Path
) -> None:
    before = count_open()
    for _ in range(2):
        for number, file in enumerate(files):
            file.write(b"%d\n" % number, OUT)
        assert count_open() >= before + 2 * SLOTS
        for number, file in enumerate(files):
            assert store(file, segments, tmp_path) == b"%d\n" % number
        assert count_open() < before + 150
        assert {file.path.read_bytes() for file in files} == {b""}
        assert {file.index_path.read_bytes() for file in files} == {b""}


def test_a_run_without_output_closes_what_its_fork_has_opened(
    files: list[LazyScratchFile],
) -> None:
    before = count_open()
    for file in files:
        file.prepare_fork()
    for file in files:
        assert file.fd >= 0
        file.release()
    assert count_open() < before + 100


def test_the_output_of_a_program_that_was_left_behind_is_not_that_of_a_later_run(
    files: list[LazyScratchFile], segments: Segments, tmp_path: Path
) -> None:
    for file in files:
        file.write(b"first\n", OUT)
    program = os.dup(files[0].raw_fd())
    for file in files:
        store(file, segments, tmp_path)
    os.write(program, b"late\n")
    os.close(program)
    files[0].write(b"second\n", OUT)
    assert store(files[0], segments, tmp_path) == b"second\n"


def test_a_descriptor_that_a_program_has_stays_open(
    files: list[LazyScratchFile], segments: Segments, tmp_path: Path
) -> None:
    raw = files[0].raw_fd()
    place = file_place(raw)
    for file in files:
        file.write(b"text\n", OUT)
    for file in reversed(files):
        store(file, segments, tmp_path)
    assert file_place(raw) == place
    assert files[0].raw_fd() == raw


def test_without_a_descriptor_the_bytes_are_lost_and_the_reason_is_known(
    files: list[LazyScratchFile], segments: Segments, tmp_path: Path
) -> None:
    file = files[0]
    with no_descriptor_left():
        file.write(b"lost\n", OUT)
        file.prepare_fork()
        assert (file.lost_bytes, file.fd) == (5, -1)
        assert "may open at most" in file.lost_why
        assert "`ulimit -n`, LimitNOFILE); raise that" in file.lost_why
        with pytest.raises(OSError, match="Too many open files"):
            file.raw_fd()
    file.write(b"kept\n", OUT)
    assert file.lost_bytes == 5
    assert store(file, segments, tmp_path) == b"kept\n"
    with no_descriptor_left():
        files[1].write(b"lost", OUT)
        assert segments.store_output(files[1], new_id(), 1) == ["", 0, 0, 0, 4]
        assert files[1].lost_bytes == 0


def test_a_segment_that_cannot_be_opened_is_a_loss_with_its_reason(
    files: list[LazyScratchFile], segments: Segments
) -> None:
    files[0].write(b"lost", OUT)
    with no_descriptor_left():
        assert segments.store_output(files[0], new_id(), 1) == ["", 0, 0, 0, 4]
    assert "LimitNOFILE); raise that" in segments.lost_why


def test_a_task_that_closes_the_file_takes_no_output_away(files: list[LazyScratchFile]) -> None:
    files[0].write(b"one\n", OUT)
    os.close(files[0].fd)
    files[0].write(b"two\n", OUT)
    assert files[0].path.read_bytes() == b"one\ntwo\n"


@pytest.mark.parametrize("is_lazy", [True, False])
def test_a_closed_file_that_cannot_be_opened_again_is_a_loss(tmp_path: Path, is_lazy: bool) -> None:
    path = tmp_path / "1.scratch"
    file = LazyScratchFile(path, LIMIT, set()) if is_lazy else ScratchFile(path, LIMIT)
    file.write(b"one\n", OUT)
    os.close(file.fd)
    with no_descriptor_left():
        file.write(b"lost\n", OUT)
        assert file.lost_bytes == 5
        assert "LimitNOFILE); raise that" in file.lost_why
    file.write(b"two\n", OUT)
    assert path.read_bytes() == b"one\ntwo\n"
    file.remove()


def test_a_child_without_a_descriptor_writes_all_the_same(tmp_path: Path) -> None:
    file = ScratchFile(tmp_path / "1.scratch", LIMIT)
    file.write(b"parent\n", OUT)
    with no_descriptor_left():
        file._write_in_fork(b"child\n")
    file.write(b"parent\n", OUT)
    assert file.path.read_bytes() == b"parent\nchild\nparent\n"
    entries = [(entry.end, entry.stream) for entry in iter_entries(file.index())]
    assert entries == [(7, OUT), (13, RAW), (20, OUT)]


def test_large_output_is_moved_and_the_next_run_makes_a_new_file(
    files: list[LazyScratchFile], segments: Segments, tmp_path: Path
) -> None:
    before = count_open()
    files[0].write(b"x" * (2 << 20), OUT)
    assert len(store(files[0], segments, tmp_path)) == 2 << 20
    assert (count_open(), files[0].path.exists()) == (before, False)
    files[0].write(b"next\n", OUT)
    assert store(files[0], segments, tmp_path) == b"next\n"


def test_a_removed_folder_raises_nothing(tmp_path: Path) -> None:
    file = LazyScratchFile(tmp_path / "gone" / "1.scratch", LIMIT, set())
    file.write(b"lost\n", OUT)
    assert (file.lost_bytes, file.lost_why) == (5, "No such file or directory")


def test_removing_deletes_the_files_of_closed_slots_too(
    files: list[LazyScratchFile], segments: Segments, tmp_path: Path
) -> None:
    for file in files:
        file.write(b"text\n", OUT)
    for file in files:
        store(file, segments, tmp_path)
    for file in files:
        file.remove()
    assert [path.suffix for path in tmp_path.iterdir()] == [".seg"]


def test_a_file_that_another_thread_closes_during_the_examination_is_not_lost(
    files: list[LazyScratchFile],
) -> None:
    for file in files[:100]:
        file.prepare_fork()

    def own_fds() -> dict[int, tuple[int, int] | None]:
        found = files[0].own_fds() | files[1].own_fds()
        files[0].release()  # as by a thread that is faster
        return found

    assert not are_lost(own_fds)
    os.close(files[1].fd)
    assert are_lost(own_fds)
    files[1].fd = -1
