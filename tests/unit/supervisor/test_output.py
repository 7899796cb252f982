"""Reading kept and live output: parts by stream, the last lines, what is gone."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from rtd.model.output_files import scratch_index_path, scratch_path
from rtd.model.output_index import ERR, OUT, RAW, pack_entry
from rtd.supervisor.runs.read_output import OutputPart, OutputReader, OutputSource


@pytest.fixture
def source(tmp_path: Path) -> OutputSource:
    """`one` (out), `two` (raw), `three` (err), and a raw rest, inside a segment."""
    data = b"one\ntwo\nthree\nrest"
    index = pack_entry(1.0, 4, OUT) + pack_entry(2.0, 8, RAW) + pack_entry(2.0, 14, ERR)
    file = tmp_path / "x.1.seg"
    file.write_bytes(b"another run's" + data + index + b"and the next one's")
    found = OutputSource.from_record(tmp_path, ["x.1.seg", 13, len(data), len(index), 0])
    assert found is not None
    return found


def test_parts_come_in_order_with_their_stream_and_time(source: OutputSource) -> None:
    parts = [(part.stream, part.at, part.data) for part in source.parts()]
    assert parts == [
        ("out", 1.0, b"one\n"), ("raw", 2.0, b"two\n"), ("err", 2.0, b"three\n"),
        ("raw", None, b"rest"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("start", "end", "text"),
    [(2, None, b"e\ntwo\nthree\nrest"), (5, 10, b"wo\nth"), (18, None, b"")],
)
def test_a_stretch_of_it_can_be_read(
    source: OutputSource, start: int, end: int | None, text: bytes
) -> None:
    assert b"".join(part.data for part in source.parts(start, end)) == text


@pytest.mark.parametrize(
    ("count", "text"),
    [(0, b""), (1, b"rest"), (2, b"three\nrest"), (4, b"one\ntwo\nthree\nrest"), (9, b"one\n")],
)
def test_the_last_lines_are_found_from_the_end(
    source: OutputSource, count: int, text: bytes
) -> None:
    start = source.start_of_last_lines(count)
    assert b"".join(part.data for part in source.parts(start)).startswith(text)
    if count == 0:
        assert start == source.length


def test_the_last_lines_are_found_over_several_blocks(tmp_path: Path) -> None:
    lines = [b"%06d" % number for number in range(40_000)]
    (tmp_path / "r.1.out").write_bytes(b"\n".join(lines) + b"\n")
    source = OutputSource.from_record(tmp_path, ["r.1.out", 0, 40_000 * 7, 0, 0])
    assert source is not None
    start = source.start_of_last_lines(20_000)
    assert b"".join(part.data for part in source.parts(start)) == b"\n".join(lines[20_000:]) + b"\n"


def test_output_that_was_deleted_is_empty(tmp_path: Path) -> None:
    source = OutputSource.from_record(tmp_path, ["gone.1.seg", 0, 10, 0, 0])
    assert source is not None
    assert list(source.parts()) == []
    assert OutputSource.from_record(tmp_path, ["", 0, 0, 0, 55]) is None


def test_live_output_is_as_long_as_it_is_now(tmp_path: Path) -> None:
    assert OutputSource.live(tmp_path, "E", 0) is None
    (tmp_path / "x-E-0.scratch").write_bytes(b"ab\ncd")
    (tmp_path / "x-E-0.index").write_bytes(pack_entry(1.0, 3, OUT) + b"torn")
    source = OutputSource.live(tmp_path, "E", 0)
    assert source is not None
    assert source.indexed_bytes() == 3
    assert [(part.stream, part.data) for part in source.parts()] == [
        ("out", b"ab\n"),
        ("raw", b"cd"),
    ]


def test_bytes_of_an_unknown_stream_are_raw(tmp_path: Path) -> None:
    """A crash may leave any bytes of an index."""
    (tmp_path / "r.1.out").write_bytes(b"words")
    (tmp_path / "r.1.idx").write_bytes(pack_entry(1.0, 3, 77) + pack_entry(2.0, 5, OUT))
    source = OutputSource.from_record(tmp_path, ["r.1.out", 0, 5, 32, 0])
    assert source is not None
    assert [(p.stream, p.data) for p in source.parts()] == [("raw", b"wor"), ("out", b"ds")]


def test_output_that_grows_is_read_once(tmp_path: Path) -> None:
    """Each look at a million lines must not read them all again."""
    data, index = scratch_path(tmp_path, "e", 0), scratch_index_path(scratch_path(tmp_path, "e", 0))
    entries = b"".join(pack_entry(1.0 + n / 1e6, 2 * n + 2, OUT) for n in range(200_000))
    data.write_bytes(b"x\n" * 200_000)
    index.write_bytes(entries)

    def look() -> OutputSource:
        source = OutputSource.live(tmp_path, "e", 0)
        assert source is not None
        return source

    reader = OutputReader(look())
    found = sum(len(part.data) for part in iter_read(reader))
    began = time.process_time()
    for n in range(300):
        with data.open("ab") as file, index.open("ab") as marks:
            file.write(b"y\n")
            marks.write(pack_entry(2.0 + n, 400_002 + 2 * n, ERR))
        reader.source = look()
        assert reader.source.indexed_bytes() == 400_002 + 2 * n
        parts = list(iter_read(reader))
        assert [(part.stream, part.at, part.data) for part in parts] == [("err", 2.0 + n, b"y\n")]
    assert found == 400_000
    assert time.process_time() - began < 5.0


def iter_read(reader: OutputReader) -> Iterator[OutputPart]:
    """Read all that the index covers."""
    while parts := reader.read(reader.source.indexed_bytes()):
        yield from parts


def test_short_lines_of_one_moment_come_together(tmp_path: Path) -> None:
    (tmp_path / "r.1.out").write_bytes(b"x\n" * 50_000)
    marks = b"".join(pack_entry(1.0 + n / 1e6, 2 * n + 2, OUT) for n in range(50_000))
    (tmp_path / "r.1.idx").write_bytes(marks)
    source = OutputSource.from_record(tmp_path, ["r.1.out", 0, 100_000, len(marks), 0])
    assert source is not None
    parts = list(source.parts())
    assert 50 <= len(parts) <= 70
    assert b"".join(part.data for part in parts) == b"x\n" * 50_000
    assert [part.at for part in parts] == sorted(part.at or 0.0 for part in parts)
    (last,) = source.parts(99_998)
    assert (last.start, last.data, last.at) == (99_998, b"x\n", 1.049999)
