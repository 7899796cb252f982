"""The IANA name of the host's time zone."""

import os
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

_LINK: Final = Path("/etc/localtime")
_NAME: Final = Path("/etc/timezone")


def local_zone() -> str:
    """From TZ, /etc/localtime or /etc/timezone; UTC when none of them names a zone."""
    for name in (os.environ.get("TZ", "").lstrip(":"), _linked(), _written()):
        if name and _is_zone(name):
            return name
    return "UTC"


def _linked() -> str:
    try:
        return os.readlink(_LINK).partition("zoneinfo/")[2]
    except OSError:
        return ""


def _written() -> str:
    try:
        return _NAME.read_text(encoding="ascii").strip()
    except (OSError, ValueError):
        return ""


def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return False
    return True
