"""Values come back as they were: plain ones, those of subclasses, and those with a time zone."""

import collections
import enum
import http
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from decimal import Decimal
from pathlib import Path, PosixPath, PurePosixPath, PureWindowsPath
from typing import Any, NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo, available_timezones

import msgpack
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rtd.common.errors import UnserialisableError
from rtd.common.msgpack_values import ext_hook, pack, unpack
from rtd.protocol.frames import dump_value, encode_request, load

HELSINKI = ZoneInfo("Europe/Helsinki")


def as_request(value: Any) -> bytes:
    """The value as it travels in a request, and is stored then."""
    _, _, _, [params] = load(encode_request(1, "submit", {"it": value}))
    return dump_value(params["it"], "it")


WRITERS: list[Callable[[Any], bytes]] = [pack, lambda value: dump_value(value, "it"), as_request]


class Level(str, enum.Enum):  # noqa: UP042
    DANGER = "danger"


class Number(int, enum.Enum):
    SMALL = 3
    LARGE = 1 << 70


class Share(float, enum.Enum):
    HALF = 0.5


class Mark(bytes, enum.Enum):
    END = b"\0"


class Holiday(date, enum.Enum):
    EASTER = 2026, 4, 5


class Span(timedelta, enum.Enum):
    WEEK = 7


class Price(Decimal, enum.Enum):
    LOW = "1.50"


class Right(enum.IntFlag):
    READ = 1
    WRITE = 2


class Kind(enum.StrEnum):
    DAILY = "daily"


class Colour(enum.Enum):
    RED = 1


class Loud(str):
    def __str__(self) -> str:
        return "loud"

    __repr__ = __str__


class Odd(int):
    def __int__(self) -> int:
        return 7

    __index__ = __int__


class Backwards(list[Any]):
    def __iter__(self) -> Any:
        return iter(self[::-1])


class Hidden(dict[str, Any]):
    def __iter__(self) -> Any:
        return iter(())

    def items(self) -> Any:
        return ()


class Buffer(bytearray):
    pass


class Nanoseconds(datetime):
    """As the times of pandas: more than a datetime, and never equal to one that has less."""

    def __eq__(self, other: object) -> bool:
        return type(other) is Nanoseconds

    __hash__ = datetime.__hash__


class Case(str):
    """Two keys of a dict that are one text once they are stored."""

    def __eq__(self, other: object) -> bool:
        return self is other

    def __hash__(self) -> int:
        return id(self)


class HashableList(list[Any]):
    def __hash__(self) -> int:  # type: ignore[override]
        return 1


class Point(NamedTuple):
    x: Any
    y: Any


class Summer(tzinfo):
    """A zone without a key, with two offsets; the one without a date is that of winter."""

    def utcoffset(self, at: datetime | None) -> timedelta:
        return timedelta(hours=3 if at is not None and 3 < at.month < 11 else 2)

    def dst(self, at: datetime | None) -> timedelta:
        return timedelta(0)


class Fixed(tzinfo):
    """As the fixed offsets of dateutil and of drivers of databases."""

    def utcoffset(self, _at: datetime | None) -> timedelta:
        return timedelta(hours=2)

    def dst(self, _at: datetime | None) -> None:
        return None


MOVED = collections.OrderedDict(a=1, b=2)
MOVED.move_to_end("a")


@pytest.mark.parametrize("write", WRITERS)
@pytest.mark.parametrize(
    ("value", "plain"),
    [
        (Level.DANGER, "danger"),
        (Kind.DAILY, "daily"),
        (Loud("quiet"), "quiet"),
        (Number.SMALL, 3),
        (Number.LARGE, 1 << 70),
        (Odd(2), 2),
        (Right.READ | Right.WRITE, 3),
        (http.HTTPStatus.OK, 200),
        (Share.HALF, 0.5),
        (Mark.END, b"\0"),
        (Holiday.EASTER, date(2026, 4, 5)),
        (Span.WEEK, timedelta(7)),
        (Price.LOW, Decimal("1.50")),
        (Point(1, {Level.DANGER: Level.DANGER}), (1, {"danger": "danger"})),
        (Backwards([1, 2]), [1, 2]),
        (Hidden(a=1), {"a": 1}),
        (collections.defaultdict(list, a=[1]), {"a": [1]}),
        (collections.Counter("aab"), {"a": 2, "b": 1}),
        (MOVED, {"b": 2, "a": 1}),
        ({Number.LARGE: {Level.DANGER}}, {1 << 70: {"danger"}}),
        (PurePosixPath("/a"), Path("/a")),
        (bytearray(b"a"), bytearray(b"a")),
        ([{"a": (bytearray(b"a" * 300),)}], [{"a": (bytearray(b"a" * 300),)}]),
        (Buffer(b"a"), bytearray(b"a")),
        ({Case("a"): Case("b")}, {"a": "b"}),
    ],
)
def test_a_subclass_is_stored_as_its_plain_value(
    write: Callable[[Any], bytes], value: Any, plain: Any
) -> None:
    back = unpack(write(value))
    assert back == plain
    assert repr(back) == repr(plain)  # the types inside and the order, too


@pytest.mark.parametrize("write", WRITERS)
@pytest.mark.parametrize(
    ("value", "told"),
    [
        (Colour.RED, r"\.Colour"),
        ({Colour.RED: 1}, r"the key <Colour.RED: 1> of "),
        ([memoryview(b"a")], r"\[0\] cannot be stored: a value of type memoryview"),
        (PureWindowsPath("C:\\a"), "PureWindowsPath"),
        (Nanoseconds(2026, 1, 1), r"\.Nanoseconds"),
        ({Case("a"): 1, Case("a"): 2}, "two keys that are 'a'"),
        ([{Case("a"), "a"}], r"\[0\] cannot be stored: it has two elements that are 'a'"),
        ({HashableList(): 1}, "a list, which is no key"),
        (collections.deque(), "deque"),
        (collections.UserDict(), "UserDict"),
        (range(3), "range"),
        (1j, "complex"),
        ([datetime(2026, 1, 1, tzinfo=Summer())], r"\[0\] cannot be stored: its time zone"),
        (time(3, tzinfo=Summer()), "give it a zoneinfo.ZoneInfo"),
    ],
)
def test_what_cannot_be_kept_is_refused_with_its_path(
    write: Callable[[Any], bytes], value: Any, told: str
) -> None:
    with pytest.raises(UnserialisableError, match=told):
        write({"place": value})
    with pytest.raises(UnserialisableError, match="place"):
        write({"place": value})


@pytest.mark.parametrize(
    "value",
    [
        datetime(2026, 10, 24, 4, tzinfo=HELSINKI),
        datetime(2026, 10, 25, 3, 30, tzinfo=HELSINKI),
        datetime(2026, 10, 25, 3, 30, tzinfo=HELSINKI, fold=1),
        datetime(2026, 3, 29, 3, 30, tzinfo=HELSINKI),
        datetime(2026, 1, 1, tzinfo=UTC),
        datetime(2026, 1, 1, tzinfo=ZoneInfo("UTC")),
        datetime(2026, 1, 1, fold=1),
        datetime(2026, 1, 1, tzinfo=timezone(timedelta(hours=-3, seconds=7))),
        datetime(2026, 1, 1, tzinfo=timezone(timedelta(hours=1), "CET")),
        datetime(2026, 1, 1, tzinfo=timezone(timedelta(microseconds=1))),
        datetime(2026, 1, 1, 2, 3, 4, 5, fold=1, tzinfo=timezone(timedelta(microseconds=-999_999))),
        datetime(2026, 1, 1, tzinfo=timezone(timedelta(milliseconds=-1), "ms")),
        datetime(2026, 1, 1, tzinfo=timezone(timedelta(hours=-3, microseconds=-7))),
        time(3, 30, tzinfo=timezone(timedelta(microseconds=1))),
        time(3, 30, tzinfo=HELSINKI),
        time(3, 30, fold=1),
        time(3, 30, tzinfo=timezone(timedelta(hours=1), "CET")),
    ],
)
def test_a_time_keeps_its_zone_and_its_fold(value: datetime | time) -> None:
    back = unpack(pack([value]))[0]
    assert (repr(back), back.fold) == (repr(value), value.fold)
    assert (back.utcoffset(), back.tzname()) == (value.utcoffset(), value.tzname())


def test_a_day_later_is_right_after_a_change_of_clocks() -> None:
    back = unpack(pack(datetime(2026, 10, 24, 12, tzinfo=HELSINKI)))
    assert (back + timedelta(days=1)).isoformat() == "2026-10-25T12:00:00+02:00"


def test_an_offset_of_any_class_is_kept() -> None:
    offset = timezone(timedelta(hours=2))
    value = {"at": datetime(2026, 7, 1, tzinfo=Fixed()), "daily": time(4, tzinfo=Fixed())}
    assert repr(unpack(pack(value))) == repr(
        {"at": datetime(2026, 7, 1, tzinfo=offset), "daily": time(4, tzinfo=offset)}
    )


def test_a_zone_that_this_host_does_not_know_is_an_error() -> None:
    blob = msgpack.packb(["2026-01-01T00:00:00+01:00", 0, "Mars/Olympus", None])
    with pytest.raises(ValueError, match="does not know the time zone 'Mars/Olympus'"):
        ext_hook(12, blob)


ZONES = st.sampled_from(sorted(available_timezones() - {"localtime"})).map(ZoneInfo)
OFFSETS = st.one_of(
    st.integers(-82_800, 82_800).map(lambda seconds: timedelta(seconds=seconds)),
    st.integers(-1_000_000, 1_000_000).map(lambda us: timedelta(microseconds=us)),
).map(timezone)
LEAVES = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text(), st.binary(),
    st.binary().map(bytearray), st.decimals(allow_nan=False), st.uuids(), st.dates(),
    st.timedeltas(), st.datetimes(timezones=st.none() | ZONES | OFFSETS, allow_imaginary=True),
    st.times(timezones=st.none() | ZONES | OFFSETS), st.sampled_from([Path("/a"), Path("b/c")]),
)  # fmt: skip
KEYS = st.one_of(st.text(), st.integers(), st.binary(), st.dates(), st.tuples(st.text()))


def containers(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Values of every type that holds others."""
    return st.one_of(
        st.lists(inner), st.dictionaries(KEYS, inner), st.tuples(inner, inner),
        st.sets(KEYS), st.frozensets(KEYS),
    )  # fmt: skip


@given(st.recursive(LEAVES, containers, max_leaves=12))
def test_every_plain_value_comes_back_with_its_types(value: Any) -> None:
    for write in WRITERS:
        assert types_of(unpack(write(value))) == types_of(value)


def subclass_of(value: Any) -> Any:
    """The same value of a subclass whose methods say something else."""
    base = type(value)
    if base in (bool, type(None)):
        return value
    if base is PosixPath:
        return PurePosixPath(value)
    lying = {
        name: lambda *_: "a lie" for name in ("__str__", "__repr__", "__format__", "isoformat")
    }
    kind = type(f"A{base.__name__}", (base,), lying)
    if base is UUID:
        return kind(int=value.int)
    if base is timedelta:
        return kind(value.days, value.seconds, value.microseconds)
    if base in (datetime, time):
        return kind(*value.__reduce_ex__(3)[1]).replace(fold=value.fold)
    if base is date:
        return kind(value.year, value.month, value.day)
    return kind(value)


@given(LEAVES | st.lists(LEAVES) | st.dictionaries(KEYS, LEAVES) | st.sets(KEYS))
def test_every_subclass_comes_back_as_its_plain_value(value: Any) -> None:
    for write in WRITERS:
        assert types_of(unpack(write([subclass_of(value)]))) == types_of([value])


def types_of(value: Any) -> Any:
    """The value with the type of each part, in a form that compares all of it."""
    if isinstance(value, dict):
        return dict, [(types_of(key), types_of(inner)) for key, inner in value.items()]
    if isinstance(value, list | tuple):
        return type(value), [types_of(inner) for inner in value]
    if isinstance(value, set | frozenset):
        return type(value), sorted(map(repr, value))
    return type(value), repr(value), getattr(value, "fold", None)
