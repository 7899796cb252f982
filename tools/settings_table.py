"""The settings of the daemon, from their declarations: for the reference and the manual page."""

import inspect
import re
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from rtd.config import config, setting_readers

_TIMES_S: Final = {"day": 86400, "hour": 3600, "minute": 60, "s": 1}
_SIZES: Final = {"GB": 1 << 30, "MB": 1 << 20, "KB": 1 << 10, "bytes": 1}


class Setting(NamedTuple):
    """One setting; `default` as a person would write it, in backticks if it is a value."""

    name: str
    variable: str
    default: str
    meaning: str


def attributes(cls: type) -> dict[str, str]:
    """Return the `Attributes:` of a class's docstring, by name."""
    text = inspect.cleandoc(cls.__doc__ or "").partition("Attributes:")[2]
    found = {}
    for entry in re.split(r"\n {4}(?=\w+:)", text):
        name, sign, meaning = entry.strip().partition(":")
        if sign:
            found[name] = " ".join(meaning.split())
    return found


def settings() -> Iterator[Setting]:
    """Yield all settings except those of lanes."""
    defaults = config.Config()
    for cls, group in (
        (config.Config, ""),
        (config.OutputConfig, "output"),
        (config.SizeLimits, "limits"),
    ):
        meant = attributes(cls)
        holder = getattr(defaults, group) if group else defaults
        for name in setting_readers.SETTING_NAMES:
            if name.rpartition(".")[0] != group:
                continue
            field = setting_readers.READERS[name][0]
            value = "this host's name" if name == "node" else shown(getattr(holder, field), field)
            yield Setting(name, variable_of(name), value, meant.get(field, ""))


def lane_settings() -> Iterator[tuple[str, str]]:
    """Yield the name and the meaning of each setting of a pool."""
    meant = attributes(config.LaneConfig)
    for name, (field, _) in setting_readers.LANE_READERS.items():
        yield f"lanes.POOL.{name}", meant[field]


def shown(value: Any, field: str) -> str:
    """Return a default as a person would write it; the name of a field ends with its unit."""
    if value is None:
        return "none"
    if field.endswith("_s"):
        return f"`{_amount(value, _TIMES_S)}`"
    if field.endswith("_bytes"):
        return f"`{_amount(value, _SIZES)}`"
    if isinstance(value, tuple):
        return ", ".join(value) or "none"
    return f"`{value:g}`" if isinstance(value, float) else f"`{value}`"


def _amount(value: float, units: dict[str, int]) -> str:
    """Return an amount in the largest unit of which it is a whole multiple, as settings have it."""
    name, factor = next(
        ((name, size) for name, size in units.items() if value and value % size == 0), ("", 1)
    )
    number = value / factor
    plural = "s" if number != 1 and name in ("day", "hour", "minute") else ""
    return f"{number:g} {name}{plural}".strip()


def variable_of(name: str) -> str:
    """Return the environment variable of a setting."""
    return "RTD_" + name.replace(".", "_").upper()
