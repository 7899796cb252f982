"""The keys of a Flask app's configuration: `TASKER_*`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from difflib import get_close_matches
from functools import lru_cache
from typing import Any, Final, NamedTuple

from rtd.common.did_you_mean import did_you_mean
from rtd.common.errors import AppError, ConfigError
from rtd.common.text_of import show_value
from rtd.config.redis_url import parse_url
from rtd.redis_client.url_name import split_name
from rtd.session.app.find_session import read_expression

_PREFIX: Final = "TASKER_"
_SWITCHES: Final = {"true": True, "1": True, "false": False, "0": False}
_ENGINES: Final = ("sqlalchemy", "redis")
_SHARED_DRIVERS: Final = ("mysql", "postgres", "postgresql")
_REDIS_SCHEMES: Final = ("redis", "rediss", "unix")
_FORMS: Final = "'shop:app', \"shop:create_app('dev')\" or 'src/shop.py'"
#: Keys of the original that have nothing to say here.
_IGNORED: Final = ("TASKER_DATABASE_URI",)


class FlaskSettings(NamedTuple):
    """The settings of one Flask app.

    Attributes:
        engine: `sqlalchemy` or `redis`; both mean the store of rtd.
        driver: `sqlite`: the store is the Redis that rtd starts itself.
        loop_interval_s: how long a submit waits for a daemon that is away, as in a restart.
        debug: whether changed code goes to the daemon; None: as the app's `debug`.
        url: the control socket of a daemon that others start, or the Redis of the workers; None:
            that of `start()`.
        app: what the daemon imports; None: found, see `rtd.flask.daemon.find_app`.
        eager: `apply` carries the task out at once, in the calling process.
    """

    engine: str = "sqlalchemy"
    driver: str = "sqlite"
    loop_interval_s: float = 5.0
    debug: bool | None = None
    url: str | None = None
    app: str | None = None
    eager: bool = False

    @property
    def redis(self) -> tuple[str, str] | None:
        """The URL of the workers' Redis, and their `name` in it; None: there is a socket."""
        if self.url is None or self.url.startswith("/"):
            return None
        return split_name(self.url, None)

    def __repr__(self) -> str:
        return f"<FlaskSettings {self.describe()}>"

    def describe(self) -> str:
        """Return what the settings mean, in one line, without a password."""
        daemon = f"the daemon at {self.url}" if self.url else "the daemon of start()"
        if self.redis is not None:
            daemon = f"the workers {self.redis[1]!r} at {parse_url(self.redis[0])}"
        debug = "as app.debug" if self.debug is None else str(self.debug)
        how = "tasks are carried out by apply itself (TASKER_EAGER)" if self.eager else daemon
        return (
            f"engine {self.engine}, driver {self.driver}: the Redis of rtd; {how}; a submit waits"
            f" up to {self.loop_interval_s:g} s for a restart; debug {debug}; app"
            f" {self.app or 'found by itself'}"
        )


def read_settings(config: Mapping[str, Any]) -> FlaskSettings:
    """Return the settings of an app's configuration. Raises ConfigError: one cannot be used.

    Each `apply` calls this, since tests change keys: values that were read before cost nothing.
    """
    values = [config.get(key) for key in _KEYS]
    try:
        return _read_cached(*values)
    except TypeError:  # a value that cannot be hashed is no good one: the error says which
        return _read(*values)


def _read(*values: Any) -> FlaskSettings:
    found: dict[str, Any] = {}
    for (key, (field, read)), value in zip(_KEYS.items(), values, strict=True):
        if value is None:
            continue
        if field in found:
            raise ConfigError(f"app.config: {key} and TASKER_LOOP_INTERVAL mean the same")
        try:
            found[field] = read(value)
        except ValueError as error:
            raise ConfigError(f"app.config: {key}: {error}") from None
    return FlaskSettings(**found)


#: By the types, too: as a number of seconds 1 is right, and True is not.
_read_cached: Final = lru_cache(maxsize=64, typed=True)(_read)


def remarks_on(config: Mapping[str, Any]) -> list[str]:
    """Return a sentence for each key that has no effect."""
    found = []
    for key in config:
        if key in _IGNORED:
            found.append(f"app.config: {key} has no effect: rtd needs no database")
        elif key.startswith(_PREFIX) and key not in _KEYS:
            found.append(f"app.config: {key} has no effect: there is no such key{_hint(key)}")
    return found


def _hint(key: str) -> str:
    """Return the nearest known key, else all: what they begin with makes no two of them close."""
    rests = {known.removeprefix(_PREFIX): known for known in _KEYS}
    near = get_close_matches(key.removeprefix(_PREFIX), rests, 1)
    return did_you_mean(key, [rests[one] for one in near], f"known: {', '.join(_KEYS)}", cutoff=0.0)


def _engine(value: Any) -> str:
    text = _text(value).lower()
    if text not in _ENGINES:
        raise ValueError(f"{value!r} is none of {', '.join(map(repr, _ENGINES))}")
    return text


def _driver(value: Any) -> str:
    text = _text(value).lower()
    if text in _SHARED_DRIVERS:
        raise ValueError(
            f"{value!r}: rtd keeps its queue in Redis, not in a database; leave the key out for a"
            " queue on this host, and set TASKER_URL for a daemon that others start"
        )
    if text != "sqlite":
        raise ValueError(f"{value!r} is not 'sqlite', the only driver")
    return text


def _interval(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise ValueError(f"{value!r} is no number of seconds")
    try:
        seconds = float(value)
    except ValueError:
        raise ValueError(f"{value!r} is no number of seconds") from None
    if not 0 < seconds <= 86400:
        raise ValueError(f"{value!r} is no number of seconds above 0")
    return seconds


def _switch(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    found = _SWITCHES.get(str(value).lower()) if isinstance(value, str | int) else None
    if found is None:
        raise ValueError(f"{value!r} is neither True nor False")
    return found


def _url(value: Any) -> str:
    text = _text(value)
    scheme = text.partition("://")[0]
    if scheme in _REDIS_SCHEMES and "://" in text:
        try:
            parse_url(split_name(text, None)[0])
        except ConfigError as error:
            raise ValueError(error.sentence) from None
        return text
    if "://" in text or not text.startswith("/"):
        shown = f"{scheme}://..." if "://" in text else repr(value)  # no password
        raise ValueError(
            f"{shown} is neither the absolute path of a control socket (/run/rtd/rtd.sock) nor the"
            " URL of a Redis (redis://host:6379/0)"
        )
    return text


def _app(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError(f"{show_value(value)} is no text: write {_FORMS}")
    text = _text(value)
    target, colon, name = (part.strip() for part in text.partition(":"))
    is_file = target.endswith(".py") or "/" in target
    if not is_file and not all(part.isidentifier() for part in target.split(".")):
        raise ValueError(f"{value!r}: {target!r} is neither a module nor a file: write {_FORMS}")
    if colon and name:
        try:
            read_expression(name, text)
        except AppError:
            raise ValueError(
                f"{value!r}: {name!r} is neither a name nor a call with plain values: write"
                f" {_FORMS}"
            ) from None
    return text


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError(f"{show_value(value)} is no text")
    if not value.strip():
        raise ValueError("it is empty: leave the key out, or set it to None")
    return value


_KEYS: Final[dict[str, tuple[str, Callable[[Any], Any]]]] = {
    "TASKER_ENGINE": ("engine", _engine),
    "TASKER_DRIVER": ("driver", _driver),
    "TASKER_LOOP_INTERVAL": ("loop_interval_s", _interval),
    "TASKER_INTERVAL_TIME": ("loop_interval_s", _interval),
    "TASKER_DEBUG": ("debug", _switch),
    "TASKER_URL": ("url", _url),
    "TASKER_APP": ("app", _app),
    "TASKER_EAGER": ("eager", _switch),
}
