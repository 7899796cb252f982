"""The time zone of this host as the C library sees it: what `date` and the log files show."""

import os
import re
from io import BytesIO
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

UTC: Final = "UTC"
_LINK: Final = "/etc/localtime"
_NAME: Final = "/etc/timezone"
_FOLDER: Final = "/zoneinfo/"
#: A zone of rules, `EST5EDT,M3.2.0,M11.1.0`: see tzset(3).
_RULES: Final = re.compile(
    r"(?:[A-Za-z]{3,}|<[A-Za-z0-9+-]{3,}>)[+-]?\d[\d:]*"
    r"(?P<dst>(?:[A-Za-z]{3,}|<[A-Za-z0-9+-]{3,}>)(?:[+-]?\d[\d:]*)?)?(?P<changes>,.+)?",
    re.ASCII,
)
#: What the C library takes where the rules do not say when the clocks change.
_DEFAULT_CHANGES: Final = ",M3.2.0,M11.1.0"


class LocalZone(NamedTuple):
    """The zone of this host.

    Attributes:
        name: an IANA name; or what `load_zone` reads, too: the path of a file, or rules.
        problem: a sentence when the host names a zone that is none, so that UTC is taken.
    """

    name: str
    problem: str | None = None


def local_timezone() -> str:
    """Return the name of the host's zone (`Europe/Helsinki`), for `load_zone`."""
    return find_local_zone().name


def find_local_zone() -> LocalZone:
    """Return the host's zone: from TZ, else /etc/localtime; UTC where neither says one."""
    given = os.environ.get("TZ")
    return _of_host() if given is None else _of_variable(given)


def load_zone(name: str) -> ZoneInfo:
    """Return the zone of an IANA name, of the path of a file, or of rules as TZ may have.

    Raises:
        ValueError: it is none of them.
    """
    try:
        if name.startswith("/"):
            with open(name, "rb") as file:
                return ZoneInfo.from_file(file, key=name)
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        zone = _of_rules(name)
    if zone is None:
        raise ValueError(
            f"no time zone is named {name!r}; write an IANA name such as Europe/Helsinki"
        )
    return zone


def _of_rules(text: str) -> ZoneInfo | None:
    match = _RULES.fullmatch(text)
    if match is None:
        return None
    rules = text + _DEFAULT_CHANGES if match["dst"] and not match["changes"] else text
    # A file without any change of clocks, but with rules for all times at its end: RFC 9636.
    counts = b"".join(n.to_bytes(4, "big") for n in (0, 0, 0, 0, 1, 4))
    part = b"TZif2" + bytes(15) + counts + bytes(6) + b"UTC\0"
    try:
        return ZoneInfo.from_file(BytesIO(part + part + f"\n{rules}\n".encode()), key=text)
    except ValueError:
        return None


def _of_variable(given: str) -> LocalZone:
    name = given.removeprefix(":")
    if not name:
        return LocalZone(UTC)
    if name.startswith("/") and (known := _known_name(name.partition(_FOLDER)[2])):
        return LocalZone(known)
    try:
        zone = load_zone(name)
        return LocalZone(zone.key, _unsaid_changes(name))
    except ValueError:
        return LocalZone(UTC, f"TZ={given!r} names no time zone of this host: UTC is taken")


def _unsaid_changes(name: str) -> str | None:
    match = _RULES.fullmatch(name)
    if _known_name(name) or match is None or not match["dst"] or match["changes"]:
        return None
    return (
        f"TZ={name!r} does not say when the clocks change: those of the USA are taken; write an "
        "IANA name such as Europe/Helsinki"
    )


def _of_host() -> LocalZone:
    try:
        path = os.path.realpath(_LINK, strict=True)
    except OSError:
        return LocalZone(UTC)
    name = path.partition(_FOLDER)[2].removeprefix("posix/").removeprefix("right/")
    if known := _known_name(name):
        return LocalZone(known)
    try:
        zone = load_zone(_LINK)
    except ValueError:
        named = _known_name(_read_name()) or UTC
        return LocalZone(named, f"{_LINK} is no time zone: {named} is taken")
    # The file may be a copy; a name is nicer, and Debian has it in another file.
    return LocalZone(name if (name := _read_name()) and _is_same(name, zone) else zone.key)


def _known_name(name: str) -> str:
    try:
        return ZoneInfo(name).key if name else ""
    except (KeyError, ValueError, OSError):
        return ""


def _is_same(name: str, zone: ZoneInfo) -> bool:
    from datetime import datetime  # lazy: few hosts have a copy

    if not _known_name(name):
        return False
    days = [datetime(year, month, 1) for year in range(2000, 2038) for month in range(1, 13)]
    known = ZoneInfo(name)
    return all(known.utcoffset(day) == zone.utcoffset(day) for day in days)


def _read_name() -> str:
    try:
        with open(_NAME, encoding="ascii", errors="replace") as file:
            return file.readline().strip()
    except OSError:
        return ""
