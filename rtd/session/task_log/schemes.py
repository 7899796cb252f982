"""Schemes: the common ways to log runs, each with a name."""

import logging
import sys
from collections.abc import Callable, Iterable
from typing import Final, cast

from rtd.common.did_you_mean import did_you_mean
from rtd.common.errors import ConfigError
from rtd.session.task_log.csv_handler import CsvHandler
from rtd.session.task_log.log_record import LOGGER, SCHEME_HANDLERS
from rtd.session.task_log.redis_handler import MemoryHandler, RedisHandler, StoreHandler

#: Where `log_csv` writes, relative to the working directory.
CSV_FILE: Final = "log/tasks.csv"
#: Handlers whose records can be read again.
ReadableHandler = CsvHandler | StoreHandler


def _printing() -> logging.Handler:
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(logging.Formatter("%(message)s"))
    return handler


#: The handlers of each scheme.
SCHEMES: Final[dict[str, tuple[Callable[[], logging.Handler], ...]]] = {
    "log_simple": (MemoryHandler, _printing),
    "log_memory": (MemoryHandler,),
    "log_csv": (lambda: CsvHandler(CSV_FILE),),
    "log_redis": (RedisHandler,),
}
#: The handlers that schemes have made in this process, each only once.
_made: dict[Callable[[], logging.Handler], logging.Handler] = {}


def set_schemes(scheme: str | Iterable[str]) -> tuple[str, ...]:
    """Add the handlers of schemes to the logger `rtd.task`. Returns the names of the schemes.

    As in Red Engine, the logger then passes no record to the handlers of the root logger.

    Raises:
        ConfigError: there is no such scheme; names the nearest.
    """
    is_one = isinstance(scheme, str) or not isinstance(scheme, Iterable)
    names = cast("tuple[str, ...]", (scheme,) if is_one else tuple(scheme))
    logger = logging.getLogger(LOGGER)
    for name in names:
        if not isinstance(name, str) or name not in SCHEMES:
            hint = did_you_mean(str(name), SCHEMES, f"there are {', '.join(SCHEMES)}")
            raise ConfigError(f"session: there is no scheme {name!r}{hint}")
        for make in SCHEMES[name]:
            if make not in _made:
                _made[make] = make()
                SCHEME_HANDLERS.append(_made[make])
            logger.addHandler(_made[make])
        logger.propagate = False
    return names


def handlers() -> list[logging.Handler]:
    """Return the handlers of the logger `rtd.task`, of the loggers above it and of the schemes."""
    found: list[logging.Handler] = []
    logger: logging.Logger | None = logging.getLogger(LOGGER)
    while logger is not None:
        found += logger.handlers
        logger = logger.parent if logger.propagate else None
    return found + [one for one in SCHEME_HANDLERS if one not in found]


def find_readable_handler() -> ReadableHandler | None:
    """Return the first handler whose records can be read again."""
    found = (one for one in handlers() if isinstance(one, CsvHandler | StoreHandler))
    return next(found, None)


def log_location() -> str:
    """Return where the log can be read: `redis`, `memory`, `csv:` and a file, or empty."""
    handler = find_readable_handler()
    if isinstance(handler, CsvHandler):
        return f"csv:{handler.path}"
    return "" if handler is None else handler.where
