"""An app whose runs are logged: by the scheme that a variable names, and by a handler that writes
what it sees as JSON."""

import asyncio
import json
import logging
import os
import time
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from rtd import Session

session = Session(
    scheme=os.environ.get("LOGGED_SCHEME", "log_csv").split(),
    config={"force_status_from_logs": "LOGGED_FORCE" in os.environ},
)
SEEN = os.environ.get("LOGGED_SEEN")
KINDS = {"start": datetime, "end": datetime, "runtime": timedelta}


class Watcher(logging.Handler):
    """Writes the attributes of each record to a file."""

    def emit(self, record: logging.LogRecord) -> None:
        names = ("task_name", "action", "run_id", "exc_text", "levelname", "created", "reason")
        seen = {name: getattr(record, name) for name in names}
        for name, kind in KINDS.items():
            value = getattr(record, name)
            assert value is None or isinstance(value, kind), (name, value)
            seen[name] = None if value is None else str(value)
        seen["message"] = record.getMessage()
        seen["pid"] = os.getpid()
        assert SEEN is not None
        with open(SEEN, "a") as file:
            file.write(json.dumps(seen) + "\n")


class Broken(logging.Handler):
    """Raises at each record."""

    def emit(self, record: logging.LogRecord) -> None:
        raise RuntimeError("the handler is broken")


class Swallowed(logging.Handler):
    """Fails as the handlers of the standard library do: it says so by `handleError` alone."""

    def emit(self, record: logging.LogRecord) -> None:
        try:
            raise OSError("no mail today")
        except OSError:
            self.handleError(record)


class Interrupting(logging.Handler):
    """Raises what Ctrl-C raises elsewhere."""

    def emit(self, record: logging.LogRecord) -> None:
        raise KeyboardInterrupt


class Deadly(logging.Handler):
    """Ends its process at a record of one task."""

    def emit(self, record: logging.LogRecord) -> None:
        if getattr(record, "task_name", "") == os.environ["LOGGED_DEADLY"]:
            os._exit(1)


class Held(logging.Handler):
    """Says who writes a record, and goes on when a file is there."""

    def emit(self, record: logging.LogRecord) -> None:
        gate = Path(os.environ["LOGGED_HELD"])
        with open(f"{gate}.pids", "a") as file:
            file.write(f"{os.getpid()}\n")
        while not gate.exists():
            time.sleep(0.01)


LOGGER = logging.getLogger("rtd.task")
if "LOGGED_HELD" in os.environ:
    LOGGER.addHandler(Held())
if "LOGGED_DEADLY" in os.environ:
    LOGGER.addHandler(Deadly())
if "LOGGED_BROKEN" in os.environ:
    LOGGER.addHandler(Broken())
    LOGGER.addHandler(Swallowed())
    LOGGER.addHandler(Interrupting())
if SEEN:
    LOGGER.addHandler(Watcher())


@session.task()
def quick() -> int:
    return 1


@session.task(lane="thread")
def threaded() -> None: ...


@session.task(lane="main")
def in_main() -> None: ...


@session.task(fresh=True)
def fresh() -> None: ...


@session.task()
async def coroutine() -> None:
    await asyncio.sleep(0)


@session.task(retries=1, backoff=0.01)
def fails() -> None:
    raise ValueError("as it must")


@session.task(timeout=0.3)
def too_long() -> None:
    time.sleep(30)


@session.task()
def hold(gate: str) -> None:
    while not Path(gate).exists():
        time.sleep(0.01)


@session.task(start_cond="daily")
def once_a_day() -> None: ...


@session.task(start_cond="task 'quick' has succeeded", enabled=False)
def follows() -> None: ...


@session.task()
def asks(query: dict[str, Any]) -> list[list[str]]:
    return [[row["task_name"], row["action"]] for row in session.get_task_log(**query)]
