"""The environment of the processes that carry out runs: the daemon's, without rtd's own variables.

Among those can be the password of Redis. With that a run, also one of another user, could do all
that the daemon can.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from rtd.model.run_record import HEADERS

#: The beginning of the names of rtd's own variables.
_PREFIX: Final = "RTD_"
#: Variables by which systemd and a service's main process speak with each other.
_OF_SERVICE: Final = frozenset(
    {"NOTIFY_SOCKET", "LISTEN_FDS", "LISTEN_FDNAMES", "LISTEN_PID", "WATCHDOG_PID", "WATCHDOG_USEC"}
)


def command_variables(run_id: str, attempt: int, opts: Mapping[str, Any]) -> dict[str, str]:
    """Return the variables that tell a command of its run.

    Args:
        run_id: of the run.
        attempt: its number.
        opts: the stored options of the submit.
    """
    env = {"RTD_RUN_ID": run_id, "RTD_ATTEMPT": str(attempt)}
    if headers := opts.get(HEADERS):
        from json import dumps  # lazy: few commands have headers

        env["RTD_HEADERS"] = dumps(headers)
    return env


def run_environment(given: Mapping[str, str], runtime_dir: Path, socket: Path) -> dict[str, str]:
    """Return the environment of runs, in which a client finds the daemon.

    A socket in its usual place is not named: a client then checks who listens there.

    Args:
        given: the environment of the daemon.
        runtime_dir: of the daemon.
        socket: its control socket.
    """
    env = {
        name: value
        for name, value in given.items()
        if not name.startswith(_PREFIX) and name not in _OF_SERVICE
    }
    env["RTD_RUNTIME_DIR"] = str(runtime_dir)
    if socket != runtime_dir / "rtd.sock":
        env["RTD_SOCKET"] = str(socket)
    return env
