"""The table of all settings: path, field and reader; and how a `Config` is made of them.

To add one: a field in `rtd.config.config` and a row in `READERS`.
"""

import dataclasses
from collections.abc import Mapping
from typing import Any, Final

from rtd.common.did_you_mean import did_you_mean
from rtd.common.errors import ConfigError
from rtd.common.format_units import format_count
from rtd.common.text_of import show_value
from rtd.common.units import parse_duration_s
from rtd.config.config import (
    EMBEDDED,
    Config,
    LaneConfig,
    OutputConfig,
    SizeLimits,
    default_lanes,
)
from rtd.config.setting_values import (
    Read,
    read_absolute_path,
    read_at_least_1_kb,
    read_durability,
    read_name,
    read_names,
    read_positive_s,
    read_redis,
    read_size,
    read_switch,
    read_text,
    whole_reader,
)
from rtd.model.lanes import CONFIG_LANES, LANE_OF, MAX_RUNS_AT_ONCE

MAX_CONCURRENCY: Final = 10_000
MAX_EXECUTORS: Final = 256

LANE_READERS: Final[dict[str, tuple[str, Read]]] = {
    "min": ("min", whole_reader(0, MAX_EXECUTORS)),
    "max": ("max", whole_reader(0, MAX_EXECUTORS)),
    "concurrency": ("concurrency", whole_reader(1, MAX_CONCURRENCY)),
    "idle": ("idle_s", parse_duration_s),
    "max_runs": ("max_runs", whole_reader(0, 1 << 31)),
    "max_memory": ("max_memory_bytes", read_size),
}
READERS: Final[dict[str, tuple[str, Read]]] = {
    "name": ("name", read_name),
    "node": ("node", read_name),
    "redis": ("redis", read_redis),
    "redis_server": ("redis_server", read_absolute_path),
    "durability": ("durability", read_durability),
    "retention": ("retention_s", parse_duration_s),
    "history": ("history", whole_reader(1, 10_000_000)),
    "stop_grace": ("stop_grace_s", parse_duration_s),
    "condition_timeout": ("condition_timeout_s", read_positive_s),
    "group": ("group", read_text),
    "allow_commands": ("allow_commands", read_switch),
    "middleware": ("middleware", read_names),
    "output.quota": ("quota_bytes", read_at_least_1_kb),
    "output.run_limit": ("run_limit_bytes", read_at_least_1_kb),
    "output.retention": ("retention_s", parse_duration_s),
    "limits.result": ("result_bytes", read_at_least_1_kb),
    "limits.params": ("params_bytes", read_at_least_1_kb),
    "limits.frame": ("frame_bytes", read_at_least_1_kb),
    "limits.targets": ("targets", whole_reader(1, 1_000_000)),
    **{
        f"lanes.{pool}.{key}": reader
        for pool in CONFIG_LANES
        for key, reader in LANE_READERS.items()
    },
}
#: Settings in force before an app is imported: an app cannot set them.
DAEMON_ONLY: Final = (
    "name", "node", "redis", "redis_server", "durability", "group", "allow_commands",
    "middleware",
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
    _check_runs_at_once(lanes)
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


def _check_runs_at_once(lanes: Mapping[str, LaneConfig]) -> None:
    counts = {pool: lane.max * lane.concurrency for pool, lane in lanes.items()}
    if sum(counts.values()) > MAX_RUNS_AT_ONCE:
        pool = max(counts, key=lambda name: counts[name])
        lane = lanes[pool]
        raise ConfigError(
            f"lanes.{pool}: {format_count(lane.max, 'executor')} (max) of"
            f" {format_count(lane.concurrency, 'run')} each"
            f" (concurrency) are {counts[pool]:,} runs at once, with the other lanes"
            f" {sum(counts.values()):,}; all lanes together may have {MAX_RUNS_AT_ONCE:,}"
        )


def merge_app_settings(config: Config, settings: Mapping[str, Any]) -> Config:
    """Return the configuration with the settings of an app; those of the configuration win.

    Args:
        config: as it was read from the file, the environment and the flags.
        settings: of the app, already read. Left out are those that this rtd does not know, those
            in `DAEMON_ONLY`, and those of lanes that do not fit the daemon's own.
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
    try:
        merged = build_config({**mine, **config.given})
    except ConfigError:  # too many runs at once
        mine = {name: value for name, value in mine.items() if not name.startswith("lanes.")}
        merged = build_config({**mine, **config.given})
    return dataclasses.replace(merged, given=config.given, places=config.places)


def _check_lane(pool: str, lane: LaneConfig, values: Mapping[str, Any]) -> LaneConfig:
    """Return the lane with bounds that fit; a bound that was set moves the default of the other."""
    named_min = f"lanes.{pool}.min" in values
    if lane.min > lane.max:
        if named_min and f"lanes.{pool}.max" in values:
            raise ConfigError(f"lanes.{pool}: min ({lane.min}) is above max ({lane.max})")
        bound = "max" if named_min else "min"
        lane = dataclasses.replace(lane, **{bound: lane.min if named_min else lane.max})
    if not LANE_OF[pool].concurrent and lane.concurrency > 1:
        raise ConfigError(
            f"lanes.{pool}.concurrency: an executor of the {pool} lane has one run at a time;"
            f" lanes.{pool}.max is how many executors there are"
        )
    if LANE_OF[pool].single and lane.max > 1:
        raise ConfigError(f"lanes.{pool}.max: the {pool} lane has one executor; write 1 (or 0)")
    return lane
