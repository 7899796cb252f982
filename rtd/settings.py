"""The configuration: `rtd.toml`, then the environment (`RTD_*`), then flags; the later wins.

A setting is named by its path: `name`, `lanes.process.max`, `output.quota`. In a file that is
a table and a key, in the environment `RTD_LANES_PROCESS_MAX`, as a flag
`--set lanes.process.max=4`. Durations and sizes are written as people write them ("10s",
"512 MB").
"""

import dataclasses
import os
import tomllib
from collections.abc import Callable, Iterable, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Final

from rtd.model.config import POOLS, Config, Lane, Limits, Output, default_lanes
from rtd.model.errors import ConfigError
from rtd.model.units import parse_bytes, parse_duration_s

#: Where a configuration is looked for when none is named.
CANDIDATES: Final = (Path("rtd.toml"), Path("/etc/rtd/rtd.toml"))
#: Variables with our prefix that are no settings: places, and what a run finds around itself.
OTHER_VARIABLES: Final = frozenset(
    {"RTD_CONFIG", "RTD_SOCKET", "RTD_STATE_DIR", "RTD_RUNTIME_DIR", "RTD_LOG_LEVEL"}
)
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


def _size(value: Any) -> int:
    return parse_bytes(int(value) if isinstance(value, str) and value.isdigit() else value)


def _at_least_one(value: Any) -> int:
    size = _size(value)
    if size < 1024:
        raise ValueError(f"{value!r} is too small: at least 1 KB")
    return size


_LANE_READERS: Final[dict[str, tuple[str, Read]]] = {
    "min": ("min", _whole(0, MAX_EXECUTORS)),
    "max": ("max", _whole(0, MAX_EXECUTORS)),
    "concurrency": ("concurrency", _whole(1, MAX_CONCURRENCY)),
    "idle": ("idle_s", parse_duration_s),
    "max_runs": ("max_runs", _whole(0, 1 << 31)),
    "max_memory": ("max_memory_bytes", _size),
}
_READERS: Final[dict[str, tuple[str, Read]]] = {
    "name": ("name", _name),
    "node": ("node", _name),
    "redis": ("redis", _text),
    "durability": ("durability", _durability),
    "retention": ("retention_s", parse_duration_s),
    "history": ("history", _whole(1, 10_000_000)),
    "stop_grace": ("stop_grace_s", parse_duration_s),
    "group": ("group", _text),
    "output.quota": ("quota_bytes", _at_least_one),
    "output.run_limit": ("run_limit_bytes", _at_least_one),
    "output.retention": ("retention_s", parse_duration_s),
    "limits.result": ("result_bytes", _at_least_one),
    "limits.params": ("params_bytes", _at_least_one),
    "limits.frame": ("frame_bytes", _at_least_one),
    **{f"lanes.{pool}.{key}": reader for pool in POOLS for key, reader in _LANE_READERS.items()},
}
NAMES: Final = tuple(_READERS)
_VARIABLES: Final = {"RTD_" + name.replace(".", "_").upper(): name for name in NAMES}


def load(file: Path | None = None, flags: Mapping[str, Any] | None = None) -> Config:
    """The configuration of this environment.

    Args:
        file: a configuration that must exist; None: `RTD_CONFIG`, else the first of
            `rtd.toml` here and `/etc/rtd/rtd.toml`, else none.
        flags: settings by their path, the strongest.

    Raises:
        ConfigError: one line: where, which setting, what is wrong with it (an unknown one
            with the nearest known).
    """
    settings: dict[str, tuple[str, Any]] = {}
    path = _find_file(file)
    if path is not None:
        settings.update((name, (str(path), value)) for name, value in _flatten(_read(path)))
    settings.update(_from_environment(os.environ))
    settings.update((name, ("--set", value)) for name, value in (flags or {}).items())
    return _build({name: _read_one(name, *found) for name, found in settings.items()})


def _find_file(named: Path | None) -> Path | None:
    if named is None and os.environ.get("RTD_CONFIG"):
        named = Path(os.environ["RTD_CONFIG"])
    if named is not None:
        return named
    return next((path for path in CANDIDATES if path.is_file()), None)


def _read(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as file:
            return tomllib.load(file)
    except OSError as error:
        raise ConfigError(f"the configuration {path} cannot be read: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} is not valid TOML: {error}") from None


def _flatten(table: Mapping[str, Any], prefix: str = "") -> Iterable[tuple[str, Any]]:
    for key, value in table.items():
        if isinstance(value, dict):
            yield from _flatten(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


def _from_environment(environ: Mapping[str, str]) -> dict[str, tuple[str, Any]]:
    """Settings among the variables. An `RTD_` name close to a setting's is a slip, refused."""
    found: dict[str, tuple[str, Any]] = {}
    for variable, value in environ.items():
        if not variable.startswith("RTD_") or variable in OTHER_VARIABLES or not value:
            continue
        name = _VARIABLES.get(variable)
        if name is not None:
            found[name] = ("the environment", value)
            continue
        near = get_close_matches(variable, _VARIABLES, 1, 0.85)
        if near:
            raise ConfigError(
                f"the environment has {variable}, which is no setting; did you mean {near[0]}?"
            )
    return found


def _read_one(name: str, where: str, value: Any) -> Any:
    reader = _READERS.get(name)
    if reader is None:
        near = get_close_matches(name, NAMES, 1)
        hint = f"did you mean {near[0]!r}?" if near else "docs/reference has the list"
        raise ConfigError(f"{where}: unknown setting {name!r}; {hint}")
    try:
        return reader[1](value)
    except ValueError as error:
        raise ConfigError(f"{where}: {name}: {error}") from None


def _build(values: Mapping[str, Any]) -> Config:
    top: dict[str, Any] = {}
    groups: dict[str, dict[str, Any]] = {"output": {}, "limits": {}}
    lanes = default_lanes()
    for name, value in values.items():
        head, _, rest = name.partition(".")
        field = _READERS[name][0]
        if not rest:
            top[field] = value
        elif head == "lanes":
            pool = rest.partition(".")[0]
            lanes[pool] = dataclasses.replace(lanes[pool], **{field: value})
        else:
            groups[head][field] = value
    for pool, lane in lanes.items():
        lanes[pool] = _check_lane(pool, lane, values)
    return Config(
        **top, lanes=lanes, output=Output(**groups["output"]), limits=Limits(**groups["limits"])
    )


def _check_lane(pool: str, lane: Lane, values: Mapping[str, Any]) -> Lane:
    """A lane whose numbers fit together; one bound that was set moves the other's default."""
    named_min = f"lanes.{pool}.min" in values
    if lane.min > lane.max:
        if named_min and f"lanes.{pool}.max" in values:
            raise ConfigError(f"lanes.{pool}: min ({lane.min}) is above max ({lane.max})")
        bound = "max" if named_min else "min"
        lane = dataclasses.replace(lane, **{bound: lane.min if named_min else lane.max})
    if pool == "main" and lane.max > 1:
        raise ConfigError("lanes.main.max: the main lane has one executor; write 1 (or 0)")
    return lane
