"""The time zone of this host, by its IANA name."""

import os
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

UTC: Final = "UTC"
_LINK: Final = "/etc/localtime"
_NAME: Final = "/etc/timezone"
_FOLDER: Final = "/zoneinfo/"


def local_timezone() -> str:
    """Return the host's IANA zone (`Europe/Helsinki`): from TZ, else the link /etc/localtime.

    `UTC` where neither names one. Not guaranteed: that the zone database knows the link's name.
    """
    return _of_variable() or _of_link() or _of_file() or UTC


def _of_variable() -> str:
    """Return the zone in TZ; rules written out (`EET-2EEST`) name none."""
    given = os.environ.get("TZ", "").removeprefix(":")
    if given.startswith("/"):
        return given.partition(_FOLDER)[2]
    try:
        return ZoneInfo(given).key if given else ""
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return ""


def _of_link() -> str:
    try:
        name = os.path.realpath(_LINK, strict=True).partition(_FOLDER)[2]
    except OSError:
        return ""
    return name.removeprefix("posix/").removeprefix("right/")


def _of_file() -> str:
    """Return the zone in Debian's /etc/timezone, for a host where /etc/localtime is a copy."""
    try:
        with open(_NAME, encoding="ascii", errors="replace") as file:
            return file.readline().strip()
    except OSError:
        return ""
