"""The table of all settings: path, field and reader; and how a `Config` is made of them.

To add one: a field in `rtd.config.config` and a row in `READERS`.
"""

import dataclasses
import os
from collections.abc import Callable, Mapping
from typing import Any, Final

from rtd.common.did_you_mean import did_you_mean
from rtd.common.errors import ConfigError
from rtd.common.text_of import show_value
from rtd.common.units import parse_bytes, parse_duration_s
from rtd.config.config import (
    EMBEDDED,
    Config,
    LaneConfig,
    OutputConfig,
    SizeLimits,
    default_lanes,
)
from rtd.config.redis_url import parse_url
from rtd.model.lanes import CONFIG_LANES, LANE_OF

DURABILITIES: Final = ("process", "always")
MAX_CONCURRENCY: Final = 512
MAX_EXECUTORS: Final = 256

Read = Callable[[Any], Any]


def _text(value: Any) -> str:
    if not isinstance(value, str) or not value:
        raise ValueError(f"{value!r} is no text")
    return value


def _name(value: Any) -> str:
    text = _text(value)
    if any(c in text for c in "{}:|") or not text.isprintable() or len(text) > 100:
        raise ValueError(f"{value!r}: at most 100 characters, none of them {{ }} : |")
    return text


def _redis(value: Any) -> str:
    url = _text(value)
    if url != EMBEDDED:
        try:
            parse_url(url)
        except ConfigError as error:
            raise ValueError(error.sentence) from None
    return url


def _absolute_path(value: Any) -> str:
    path = _text(value)
    if not os.path.isabs(path):
        raise ValueError(f"{path!r} is no absolute path")
    return path


def _durability(value: Any) -> str:
    if value not in DURABILITIES:
        raise ValueError(f"{value!r} is neither 'process' nor 'always'")
    return str(value)


def _whole(low: int, high: int) -> Read:
    def read(value: Any) -> int:
        number = int(value) if isinstance(value, str) and value.strip().isdigit() else value
        if isinstance(number, bool) or not isinstance(number, int) or not low <= number <= high:
            raise ValueError(f"{value!r} is not a whole number from {low} to {high}")
        return number

    return read


def _positive(value: Any) -> float:
    seconds = parse_duration_s(value)
    if seconds <= 0:
        raise ValueError(f"{value!r} leaves no time to answer")
    return seconds


def _switch(value: Any) -> bool:
    found = {"true": True, "false": False}.get(str(value).lower())
    if found is None:
        raise ValueError(f"{value!r} is neither true nor false")
    return found


def _size(value: Any) -> int:
    return parse_bytes(int(value) if isinstance(value, str) and value.isdigit() else value)


def _at_least_one(value: Any) -> int:
    size = _size(value)
    if size < 1024:
        raise ValueError(f"{value!r} is too small: at least 1 KB")
    return size


LANE_READERS: Final[dict[str, tuple[str, Read]]] = {
    "min": ("min", _whole(0, MAX_EXECUTORS)),
    "max": ("max", _whole(0, MAX_EXECUTORS)),
    "concurrency": ("concurrency", _whole(1, MAX_CONCURRENCY)),
    "idle": ("idle_s", parse_duration_s),
    "max_runs": ("max_runs", _whole(0, 1 << 31)),
    "max_memory": ("max_memory_bytes", _size),
}
READERS: Final[dict[str, tuple[str, Read]]] = {
    "name": ("name", _name),
    "node": ("node", _name),
    "redis": ("redis", _redis),
    "redis_server": ("redis_server", _absolute_path),
    "durability": ("durability", _durability),
    "retention": ("retention_s", parse_duration_s),
    "history": ("history", _whole(1, 10_000_000)),
    "stop_grace": ("stop_grace_s", parse_duration_s),
    "condition_timeout": ("condition_timeout_s", _positive),
    "group": ("group", _text),
    "allow_commands": ("allow_commands", _switch),
    "output.quota": ("quota_bytes", _at_least_one),
    "output.run_limit": ("run_limit_bytes", _at_least_one),
    "output.retention": ("retention_s", parse_duration_s),
    "limits.result": ("result_bytes", _at_least_one),
    "limits.params": ("params_bytes", _at_least_one),
    "limits.frame": ("frame_bytes", _at_least_one),
    "limits.targets": ("targets", _whole(1, 1_000_000)),
    **{
        f"lanes.{pool}.{key}": reader
        for pool in CONFIG_LANES
        for key, reader in LANE_READERS.items()
    },
}
#: Settings in force before an app is imported: an app cannot set them.
DAEMON_ONLY: Final = (
    "name", "node", "redis", "redis_server", "durability", "group", "allow_commands",
)  # fmt: skip
SETTING_NAMES: Final = tuple(READERS)
#: The tables of the file: `lanes`, `lanes.process`, `output` and so on.
TABLES: Final = frozenset(
    name[:at] for name in READERS for at, char in enumerate(name) if char == "."
)


def read_setting(name: str, where: str, value: Any) -> Any:
    """Return the value of one setting from its text.

    Args:
        name: its path. where: how the place is called in an error.

    Raises:
        ConfigError: one line: where, which setting, what is wrong with it (an unknown one
            with the nearest known).
    """
    reader = READERS.get(name)
    if name in TABLES:
        one = next(other for other in SETTING_NAMES if other.startswith(f"{name}."))
        raise ConfigError(
            f"{where}: {name}: {show_value(value)} is no table; it holds settings such as {one}"
        )
    if reader is None:
        hint = did_you_mean(name, SETTING_NAMES, "docs/reference has the list")
        raise ConfigError(f"{where}: unknown setting {name!r}{hint}")
    try:
        return reader[1](value)
    except ValueError as error:
        raise ConfigError(f"{where}: {name}: {error}") from None


def build_config(values: Mapping[str, Any]) -> Config:
    """Return the configuration with these settings; the others have their defaults.

    Args:
        values: by their paths, already read.

    Raises:
        ConfigError: two of them do not fit together.
    """
    top: dict[str, Any] = {}
    groups: dict[str, dict[str, Any]] = {"output": {}, "limits": {}}
    lanes = default_lanes()
    for name, value in values.items():
        head, _, rest = name.partition(".")
        field = READERS[name][0]
        if not rest:
            top[field] = value
        elif head == "lanes":
            pool = rest.partition(".")[0]
            lanes[pool] = dataclasses.replace(lanes[pool], **{field: value})
        else:
            groups[head][field] = value
    for pool, lane in lanes.items():
        lanes[pool] = _check_lane(pool, lane, values)
    if "redis_server" in top and top.get("redis", EMBEDDED) != EMBEDDED:
        raise ConfigError(
            "redis_server names the program of an embedded Redis, but redis names a Redis "
            "elsewhere: leave one of the two out"
        )
    return Config(
        **top,
        lanes=lanes,
        output=OutputConfig(**groups["output"]),
        limits=SizeLimits(**groups["limits"]),
        given=dict(values),
    )


def merge_app_settings(config: Config, settings: Mapping[str, Any]) -> Config:
    """Return the configuration with the settings of an app; those of the configuration win.

    Args:
        config: as it was read from the file, the environment and the flags.
        settings: of the app, already read. Left out are those that this rtd does not know, those
            in `DAEMON_ONLY`, and a bound of a lane that does not fit the daemon's own.
    """
    mine = {
        name: v for name, v in settings.items() if name in SETTING_NAMES and name not in DAEMON_ONLY
    }
    for pool in CONFIG_LANES:
        low, high = f"lanes.{pool}.min", f"lanes.{pool}.max"
        both = {**mine, **config.given}
        if both.get(low, 0) > both.get(high, MAX_EXECUTORS):
            mine.pop(low, None)
            mine.pop(high, None)
    return dataclasses.replace(
        build_config({**mine, **config.given}), given=config.given, places=config.places
    )


def _check_lane(pool: str, lane: LaneConfig, values: Mapping[str, Any]) -> LaneConfig:
    """Return the lane with bounds that fit; a bound that was set moves the default of the other."""
    named_min = f"lanes.{pool}.min" in values
    if lane.min > lane.max:
        if named_min and f"lanes.{pool}.max" in values:
            raise ConfigError(f"lanes.{pool}: min ({lane.min}) is above max ({lane.max})")
        bound = "max" if named_min else "min"
        lane = dataclasses.replace(lane, **{bound: lane.min if named_min else lane.max})
    if LANE_OF[pool].single and lane.max > 1:
        raise ConfigError(f"lanes.{pool}.max: the {pool} lane has one executor; write 1 (or 0)")
    return lane
