"""Schemes: the usual ways to log runs, each under one name."""

import logging
import sys
from collections.abc import Callable, Iterable
from typing import Final, cast

from rtd.common.did_you_mean import did_you_mean
from rtd.common.errors import ConfigError
from rtd.session.task_log.csv_handler import CsvHandler
from rtd.session.task_log.log_record import LOGGER
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
#: The handlers that schemes have made in this process, each once however often it is named.
_made: dict[Callable[[], logging.Handler], logging.Handler] = {}


def set_schemes(scheme: str | Iterable[str]) -> tuple[str, ...]:
    """Give the logger `rtd.task` the handlers of one or more schemes, and say which these are.

    As in Red Engine the logger then passes nothing on to the root's handlers.

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
            logger.addHandler(_made[make])
        logger.propagate = False
    return names


def handlers() -> list[logging.Handler]:
    """The handlers of the logger `rtd.task`, those above it included."""
    found: list[logging.Handler] = []
    logger: logging.Logger | None = logging.getLogger(LOGGER)
    while logger is not None:
        found += logger.handlers
        logger = logger.parent if logger.propagate else None
    return found


def find_readable_handler() -> ReadableHandler | None:
    """The first handler whose records can be read again."""
    found = (one for one in handlers() if isinstance(one, CsvHandler | StoreHandler))
    return next(found, None)


def log_location() -> str:
    """Where the log can be read: `redis`, `memory`, `csv:` and a file, or empty."""
    handler = find_readable_handler()
    if isinstance(handler, CsvHandler):
        return f"csv:{handler.path}"
    return "" if handler is None else handler.where
