"""Names the commands that start and end a daemon which cannot be reached.

Imported only by a failure, and by `rtd.flask`, whose daemons are started in another way.
"""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Final

#: The sockets of daemons that Flask apps of this process start.
FLASK_SOCKETS: Final[set[str]] = set()
#: Those that `TASKER_URL` names in this process: others start their daemons.
FLASK_URLS: Final[set[str]] = set()
#: Name such sockets to the `rtctl` that `flask rtd` becomes.
FLASK_VARIABLE: Final = "RTCTL_FLASK_SOCKET"
URL_VARIABLE: Final = "RTCTL_FLASK_URL"


def how_to_start(path: str) -> str:
    """Return how the daemon of a socket is started."""
    if _is_of_flask(path):
        return "start it with `flask rtd start` or task_worker.start()"
    return "start it with `rtd start APP` or `systemctl start rtd`"


def how_to_find(path: str) -> str:
    """Return what names a daemon that is not at this socket."""
    if path in FLASK_URLS or path == os.environ.get(URL_VARIABLE):
        return "TASKER_URL names this socket: if it runs elsewhere, change that"
    names = "TASKER_URL" if _is_of_flask(path) else "RTD_SOCKET or RTD_RUNTIME_DIR"
    return f"if it runs elsewhere, set {names}"


def stop_command(path: str) -> str:
    """Return the command that ends the daemon of a socket."""
    return "flask rtd stop" if _is_of_flask(path) else "rtd stop"


def _is_of_flask(path: str) -> bool:
    return path in FLASK_SOCKETS or path == os.environ.get(FLASK_VARIABLE)
