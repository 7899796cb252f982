"""Faults of the process that an app is imported in: what it says about time."""

from collections.abc import Iterator
from typing import Final

from rtd.common.local_timezone import find_local_zone
from rtd.common.stdlib.originals import os, time
from rtd.model.app_info import AppFault
from rtd.session.core.session_state import SessionState

#: The environment that this process was started with, which the daemon has, too.
_GIVEN: Final = "/proc/self/environ"


def find_host_faults(session: SessionState) -> Iterator[AppFault]:
    """Yield what makes conditions go by another zone than the one that was meant."""
    problem = find_local_zone().problem
    if problem is not None:
        yield AppFault("timezone", "TZ", problem, time.time())
    if session.config.timezone is None and (set_to := _changed_variable()) is not None:
        text = (
            f"the app sets TZ={set_to!r} when it is imported, and the conditions stay in the zone "
            f"of the daemon; write App(timezone={set_to!r}), or set TZ for the daemon"
        )
        yield AppFault("timezone", "TZ", text, time.time())


def _changed_variable() -> str | None:
    """Return TZ if the app has changed it."""
    now = os.environ.get("TZ")
    try:
        with open(_GIVEN, "rb") as file:
            given = dict(entry.partition(b"=")[::2] for entry in file.read().split(b"\0"))
    except OSError:
        return None
    before = given.get(b"TZ")
    return None if now is None or before == os.fsencode(now) else now
