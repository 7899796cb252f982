"""The values of users: what is too deep is refused with a true sentence, all else comes back."""

import subprocess
import sys
from collections.abc import Callable
from typing import Any

import msgpack
import pytest

from rtd.common.errors import UnserialisableError
from rtd.common.msgpack_values import pack, unpack
from rtd.common.nesting_depth import MAX_BOXES, MAX_DEPTH
from rtd.common.text_of import show_value
from rtd.protocol.frames import dump_value


def nested(depth: int, around: Callable[[Any], Any], core: Any = 1) -> Any:
    """So many containers around a value."""
    for _ in range(depth):
        core = around(core)
    return core


IN_A_LIST: Callable[[Any], Any] = lambda value: [value]  # noqa: E731
IN_A_MAP: Callable[[Any], Any] = lambda value: {"a": value}  # noqa: E731
IN_BOTH: Callable[[Any], Any] = lambda value: {"a": value} if type(value) is list else [value]  # noqa: E731
IN_A_TUPLE: Callable[[Any], Any] = lambda value: (value,)  # noqa: E731
IN_A_SET: Callable[[Any], Any] = lambda value: frozenset([value])  # noqa: E731


@pytest.mark.parametrize("write", [pack, dump_value])
@pytest.mark.parametrize("around", [IN_A_LIST, IN_A_MAP, IN_BOTH])
@pytest.mark.parametrize("core", [1, [], "x" * 500])
def test_200_levels_are_stored_and_201_are_refused(
    write: Callable[[Any, str], bytes], around: Callable[[Any], Any], core: Any
) -> None:
    levels = MAX_DEPTH - isinstance(core, list)
    assert unpack(write(nested(levels, around, core), "it")) == nested(levels, around, core)
    for more in (1, 2, 100, 300, 2000):
        with pytest.raises(UnserialisableError, match=f"nested more than {MAX_DEPTH} deep") as told:
            write(nested(levels + more, around, core), "it")
        assert len(str(told.value)) < 400


@pytest.mark.parametrize("around", [IN_A_TUPLE, IN_A_SET])
def test_32_tuples_are_stored_and_33_are_refused(around: Callable[[Any], Any]) -> None:
    good = nested(MAX_BOXES, around)
    assert unpack(pack([good])) == [good]
    for more in (1, 150, 600):
        with pytest.raises(UnserialisableError, match=f"nested more than {MAX_BOXES} deep"):
            pack([nested(MAX_BOXES + more, around)])


def test_lists_within_tuples_count_together() -> None:
    with pytest.raises(UnserialisableError, match=f"nested more than {MAX_DEPTH} deep"):
        pack(nested(3, lambda value: (nested(90, IN_A_LIST, value),)))


def test_a_value_that_contains_itself_is_refused() -> None:
    value: list[Any] = []
    value.append(value)
    with pytest.raises(UnserialisableError, match="or it contains itself"):
        pack(value)


def test_foreign_bytes_of_any_depth_are_an_error_and_no_crash() -> None:
    # In a process of its own: the C stack, when it ends, takes the process along.
    script = """
import msgpack
from rtd.common.msgpack_values import unpack
blob = msgpack.packb(1)
for _ in range(3000):
    blob = msgpack.packb(msgpack.ExtType(10, blob))
try:
    unpack(blob)
except ValueError as error:
    print(error)
"""
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=30, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert f"nested more than {MAX_BOXES} deep" in done.stdout


def test_an_error_shows_what_the_wire_wraps() -> None:
    assert show_value(msgpack.ExtType(11, b"99999999999999999999")) == "99999999999999999999"
    assert show_value(msgpack.ExtType(11, b"nonsense")) == "ExtType(code=11, data=b'nonsense')"
    assert show_value("text") == "'text'"
