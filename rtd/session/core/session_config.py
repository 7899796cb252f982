"""The configuration of a session: the session's own keys, and settings for its daemon."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from rtd.common.did_you_mean import did_you_mean
from rtd.common.errors import ConfigError
from rtd.common.units import parse_duration_s
from rtd.config.setting_readers import DAEMON_ONLY, SETTING_NAMES, build_config, read_setting
from rtd.session.core.schedule_options import read_timezone
from rtd.session.core.serving_app import refuse_late

PRE_EXIST: Final = ("raise", "replace", "ignore", "rename")
#: Seconds between two calls of the cycle, by default.
CYCLE_S: Final = 1.0
_WHERE: Final = "config"
#: Keys of Red Engine that rtd has elsewhere.
_ELSEWHERE: Final = {
    "execution": "say it of each task: lane='thread'",
    "task_execution": "say it of each task: lane='thread'",
    "task_priority": "say it of each task: priority=5",
    "timeout": "say it of each task: timeout='2 hours'",
    "multilaunch": "say it of each task: overlap=True",
    "max_processes": "it is 'lanes.process.max'",
    "max_process_count": "it is 'lanes.process.max'",
    "middleware": "it is an argument: App(middleware=[...])",
    "shut_cond": "a daemon runs until rtd stop",
}


def _switch(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError(f"{value!r} is neither True nor False")
    return value


def _pre_exist(value: Any) -> str:
    if value not in PRE_EXIST:
        raise ValueError(f"{value!r} is none of {', '.join(map(repr, PRE_EXIST))}")
    return str(value)


def _pause(value: Any) -> float | None:
    return None if value is None else parse_duration_s(value)


def _timezone(value: Any) -> str | None:
    return None if value is None else read_timezone(value, _WHERE)


#: The session's own keys: the default, and the reader of a value.
_OWN: Final[dict[str, tuple[Any, Callable[[Any], Any]]]] = {
    "task_pre_exist": ("raise", _pre_exist),
    "use_instance_naming": (False, _switch),
    "silence_task_prerun": (True, _switch),
    "silence_cond_check": (True, _switch),
    "force_status_from_logs": (False, _switch),
    "cycle_sleep": (None, _pause),
    "timezone": (None, _timezone),
}


class SessionConfig:
    """The options of a session as a whole; read and set as attributes or items.

    Attributes:
        task_pre_exist: what happens to a new task whose name is taken: `raise` an error,
            `replace` the other task, `ignore` the new one, or `rename` the new one.
        use_instance_naming: a task without a name gets its `id()` as its name.
        silence_task_prerun: false: a failure before a task's own code halts the schedule.
        silence_cond_check: false: a custom condition that raises halts the schedule.
        force_status_from_logs: the history of tasks is read from their logs, not from Redis.
        cycle_sleep: seconds between two calls of the cycle; None: 1 s.
        timezone: IANA name of the local time of the session's conditions; None: the host's.

    The other keys are settings of the daemon by their paths (`lanes.process.max`). The daemon's
    own configuration overrides them.
    """

    __slots__ = ("_frozen", "_settings", "_values")
    task_pre_exist: str
    use_instance_naming: bool
    silence_task_prerun: bool
    silence_cond_check: bool
    force_status_from_logs: bool
    cycle_sleep: float | None
    timezone: str | None

    def __init__(self, given: Mapping[str, Any] | None = None) -> None:
        """
        Args:
            given: keys with their values; settings also as nested tables
                (`{"lanes": {"process": {"max": 4}}}`).

        Raises:
            ConfigError: an unknown key (names the nearest), or a value that cannot be used.
        """
        object.__setattr__(self, "_values", {key: default for key, (default, _) in _OWN.items()})
        object.__setattr__(self, "_settings", {})
        object.__setattr__(self, "_frozen", False)
        if given is not None and not isinstance(given, Mapping):
            raise ConfigError(
                f"{_WHERE}: {given!r:.80} is no mapping of keys to values"
                + ("; an app has no name: write App()" if isinstance(given, str) else "")
            )
        self.update(given or {})

    _values: dict[str, Any]
    _settings: dict[str, Any]
    _frozen: bool

    def freeze(self) -> None:
        """Refuse changes from now on."""
        object.__setattr__(self, "_frozen", True)

    @property
    def settings(self) -> dict[str, Any]:
        """The daemon settings that this app makes, by their paths."""
        return dict(self._settings)

    @property
    def cycle_s(self) -> float:
        """Seconds between two calls of the cycle."""
        return self.cycle_sleep or CYCLE_S

    def update(self, given: Mapping[str, Any]) -> None:
        """Set several keys. Raises ConfigError; then no setting has changed."""
        if self._frozen:
            refuse_late("session.config")
        settings = dict(self._settings)
        for key, value in _flat(given):
            if key in _OWN:
                self._values[key] = _read(key, value)
            else:
                path = _known(key)
                settings[path] = read_setting(path, _WHERE, value)
        try:
            build_config(settings)
        except ConfigError as error:  # two of them do not fit together
            raise ConfigError(f"{_WHERE}: {error.sentence}") from None
        self._settings.clear()
        self._settings.update(settings)

    def __getitem__(self, key: str) -> Any:
        """Return the value of a key; None for a setting that this app does not make."""
        if key in _OWN:
            return self._values[key]
        path = _known(key)
        return self._settings.get(path)

    def __setitem__(self, key: str, value: Any) -> None:
        self.update({key: value})

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except ConfigError as error:
            raise AttributeError(error.sentence) from None

    def __setattr__(self, name: str, value: Any) -> None:
        self.update({name: value})

    def __contains__(self, key: object) -> bool:
        return key in _OWN or key in self._settings

    def __iter__(self) -> Iterator[str]:
        yield from self._values
        yield from self._settings

    def __repr__(self) -> str:
        changed = {key: value for key, value in self._values.items() if value != _OWN[key][0]}
        return f"SessionConfig({ {**changed, **self._settings} })"


def _flat(given: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in given.items():
        if not isinstance(key, str):
            raise ConfigError(f"{_WHERE}: {key!r} is no key; keys are texts")
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


def _known(key: str) -> str:
    """Return the path of a setting that an app can make. Raises ConfigError."""
    if key in _ELSEWHERE:
        raise ConfigError(f"{_WHERE}: {key!r} is no key; {_ELSEWHERE[key]}")
    if key in DAEMON_ONLY:
        raise ConfigError(
            f"{_WHERE}: {key!r} is decided before the app is imported; say it in rtd.toml, as"
            f" RTD_{key.upper()} or to rtd run --set {key}=..."
        )
    inner = [
        name for name in SETTING_NAMES if name.startswith(f"{key}.") and name not in DAEMON_ONLY
    ]
    if inner:
        raise ConfigError(
            f"{_WHERE}: {key!r} has several settings: write a mapping of them, or {inner[0]!r}: ..."
        )
    if key not in SETTING_NAMES:
        keys = [*_OWN, *(name for name in SETTING_NAMES if name not in DAEMON_ONLY)]
        hint = did_you_mean(key, keys, f"known: {', '.join(_OWN)} and settings")
        raise ConfigError(f"{_WHERE}: unknown key {key!r}{hint}")
    return key


def _read(key: str, value: Any) -> Any:
    try:
        return _OWN[key][1](value)
    except ValueError as error:
        raise ConfigError(f"{_WHERE}: {key}: {error}") from None
