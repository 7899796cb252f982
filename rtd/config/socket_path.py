"""The path of the control socket, for daemon and client, and the run that a client is part of.

Imported by every `rtctl`: it must stay cheap, so texts instead of `pathlib` and no `typing`.
"""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

#: The kernel's limit on the path of a Unix socket, without its final NUL byte.
SOCKET_PATH_MAX = 107


def runtime_dir() -> str:
    """Return `RTD_RUNTIME_DIR`, systemd's `RUNTIME_DIRECTORY`, or the user's default."""
    env = os.environ
    named = env.get("RTD_RUNTIME_DIR") or env.get("RUNTIME_DIRECTORY", "").split(":")[0]
    if named:
        return named
    if os.getuid() == 0:
        return "/run/rtd"
    xdg = env.get("XDG_RUNTIME_DIR")
    return os.path.join(xdg, "rtd") if xdg else f"/tmp/rtd-{os.getuid()}"


def is_socket_named() -> bool:
    """Return whether the environment names the control socket."""
    return bool(os.environ.get("RTD_SOCKET"))


def socket_path() -> str:
    """Return the control socket: `RTD_SOCKET`, else `rtd.sock` in the runtime directory."""
    return os.environ.get("RTD_SOCKET") or os.path.join(runtime_dir(), "rtd.sock")


def _of_command() -> str | None:
    return os.environ.get("RTD_RUN_ID")


class CallerRun:
    """Finds the run that this code is part of.

    Attributes:
        find: returns its id, or None. An executor sets it; elsewhere it is the run of the command
            that this process belongs to.
    """

    def __init__(self) -> None:
        self.find: Callable[[], str | None] = _of_command


CALLER_RUN = CallerRun()
