"""Datetimes and times of more than an offset: in a zone of the world, or in an hour that comes
twice. A zone is stored by its key, so that a day later is right after a change of clocks, too."""

from datetime import datetime, time, timedelta, timezone, tzinfo
from typing import Any, Final

import msgpack

from rtd.common.exception_name import type_name

Moment = datetime | time

_MONTHS: Final = range(1, 13)


def is_plain(value: Moment) -> bool:
    """Whether the text in ISO 8601 says all about this value."""
    zone = value.tzinfo
    if value.fold:
        return False
    return zone is None or zone is timezone.utc or _has_plain_offset(zone)  # noqa: UP017


def _has_plain_offset(zone: tzinfo) -> bool:
    return _has_own_name(zone) and not _is_below_a_second(zone.utcoffset(None) or timedelta(0))


def _has_own_name(zone: tzinfo) -> bool:
    """Whether the zone is an offset, called as Python calls it."""
    if type(zone) is not timezone:
        return False
    return zone.tzname(None) == timezone(zone.utcoffset(None)).tzname(None)


def _is_below_a_second(offset: timedelta) -> bool:
    """Whether Python, up to 3.13 at least, reads this offset in ISO 8601 as none."""
    return timedelta(0) < abs(offset) < timedelta(seconds=1)


def pack_zoned(value: Moment) -> bytes:
    """Return a value as `[text, fold, key, name]`: the key of its zone, or its offset's name.

    An offset below a second, which the text lacks, is behind these, in microseconds.

    Raises:
        ValueError: the zone cannot be kept.
    """
    key, name = None, None
    zone = value.tzinfo
    if zone is not None and type(zone) is not timezone:
        key = _zone_key(zone)
        value = _at_fixed_offset(value, zone) if key is None else _in_zone(value, key)
    elif zone is not None and not _has_own_name(zone):
        name = zone.tzname(None)
    stored = [value.isoformat(), value.fold, key, name]
    offset = value.utcoffset()
    if offset is not None and _is_below_a_second(offset):
        stored = [value.replace(tzinfo=None).isoformat(), value.fold, key, name]
        stored.append(offset // timedelta(microseconds=1))
    blob: bytes = msgpack.packb(stored)
    return blob


def read_zoned(kind: type[datetime] | type[time], data: bytes) -> Moment:
    """Return the value. Raises ValueError where this host does not know its zone."""
    text, fold, key, name, *us = msgpack.unpackb(data)
    value = kind.fromisoformat(text)
    zone = timezone(timedelta(microseconds=us[0])) if us else value.tzinfo
    if key is not None:
        zone = _find_zone(key)
    elif name is not None and zone is not None:
        zone = timezone(zone.utcoffset(None) or timedelta(0), name)
    return value.replace(tzinfo=zone, fold=fold)


def _find_zone(key: str) -> tzinfo:
    from zoneinfo import ZoneInfo  # lazy: few values have a zone, and the module reads files

    try:
        return ZoneInfo(key)
    except (KeyError, ValueError, OSError):
        raise ValueError(f"this host does not know the time zone {key!r}") from None


def _zone_key(zone: tzinfo) -> str | None:
    from zoneinfo import ZoneInfo  # lazy: as above

    if isinstance(zone, ZoneInfo):
        return zone.key
    name: Any = getattr(zone, "zone", None)  # of the library pytz, which has no other name for it
    return name if type(zone).__module__.startswith("pytz") and isinstance(name, str) else None


def _in_zone(value: Moment, key: str) -> Moment:
    """Return the value in the zone of this key, which must give it the offset that it has."""
    offset = value.utcoffset()
    zone = _find_zone(key)
    for fold in (value.fold, 1 - value.fold):
        found = value.replace(tzinfo=zone, fold=fold)
        if found.utcoffset() == offset:
            return found
    raise ValueError(f"the time zone {key!r} has another offset then than this value, {offset}")


def _at_fixed_offset(value: Moment, zone: tzinfo) -> Moment:
    """Return the value with the offset of a zone that has always the same."""
    offset = value.utcoffset()
    if offset is None or not _is_fixed(zone, value, offset):
        raise ValueError(
            f"its time zone, a {type_name(type(zone))}, has no key; give it a zoneinfo.ZoneInfo, "
            "or a datetime.timezone for an offset"
        )
    return value.replace(tzinfo=timezone(offset))


def _is_fixed(zone: tzinfo, value: Moment, offset: timedelta) -> bool:
    year = value.year if isinstance(value, datetime) else 2000
    try:
        offsets = {zone.utcoffset(datetime(year, month, 1, tzinfo=zone)) for month in _MONTHS}
        offsets.add(zone.utcoffset(None))
    except Exception:  # it is the app's class, which may raise anything
        return False
    return offsets == {offset}
