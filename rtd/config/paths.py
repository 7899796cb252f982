"""The paths of a daemon: the runtime directory, the state directory, the socket.

Daemon and client find them the same way, so that one environment variable moves both.
"""

import os
from pathlib import Path
from typing import Final, NamedTuple

from rtd.common.errors import ConfigError
from rtd.config.socket_path import SOCKET_PATH_MAX, runtime_dir, socket_path

_OTHERS: Final = "name another directory (RTD_RUNTIME_DIR, RTD_STATE_DIR, RTD_SOCKET)"


class DaemonPaths(NamedTuple):
    """The directories and the socket of one daemon."""

    runtime_dir: Path
    state_dir: Path
    socket: Path

    @property
    def zygote_socket(self) -> Path:
        return self.runtime_dir / "zygote.sock"

    @property
    def store_socket(self) -> Path:
        return self.runtime_dir / "store.sock"

    @property
    def board(self) -> Path:
        return self.runtime_dir / "board"

    @property
    def board_fifo(self) -> Path:
        return self.runtime_dir / "board.bell"

    @property
    def pid_file(self) -> Path:
        return self.runtime_dir / "rtd.pid"

    @property
    def lock_file(self) -> Path:
        return self.state_dir / "rtd.lock"

    @property
    def redis_dir(self) -> Path:
        return self.state_dir / "redis"

    @property
    def output_dir(self) -> Path:
        return self.state_dir / "output"

    @property
    def log_file(self) -> Path:
        return self.state_dir / "rtd.log"


def _state_dir() -> Path:
    env = os.environ
    named = env.get("RTD_STATE_DIR") or env.get("STATE_DIRECTORY", "").split(":")[0]
    if named:
        return Path(named)
    if os.getuid() == 0:
        return Path("/var/lib/rtd")
    xdg = env.get("XDG_STATE_HOME")
    return Path(xdg, "rtd") if xdg else Path.home() / ".local/state/rtd"


def find_socket() -> Path:
    """Return the control socket: `RTD_SOCKET`, else `rtd.sock` in the runtime directory."""
    return Path(socket_path())


def find_paths() -> DaemonPaths:
    """Return all paths of the daemon of this environment.

    Raises:
        ConfigError: a socket's path is longer than the kernel takes.
    """
    paths = DaemonPaths(
        Path(runtime_dir()).absolute(), _state_dir().absolute(), find_socket().absolute()
    )
    for path in (paths.socket, paths.zygote_socket, paths.redis_dir / "redis.sock"):
        check_socket_path(path)
        _check_characters(path)
    return paths


def _check_characters(path: Path) -> None:
    """Raise ConfigError for a path that settings, logs and messages cannot hold."""
    shown = ascii(str(path))
    if any(0xDC80 <= ord(char) <= 0xDCFF for char in str(path)):
        raise ConfigError(f"the path {shown} is not in UTF-8: {_OTHERS}")
    if not str(path).isprintable():
        raise ConfigError(f"the path {shown} holds control characters: {_OTHERS}")


def working_directory() -> Path:
    """Return the working directory by the name that it was entered by.

    The kernel knows only the folder itself. The name may lead by a link to the release of an app
    that is current, and to another one at the next reload.
    """
    here, named = Path.cwd(), os.environ.get("PWD", "")
    if os.path.isabs(named) and os.path.isdir(named) and os.path.samefile(named, here):
        return Path(named)
    return here


def check_working_directory() -> None:
    """Raise ConfigError if the working directory was deleted: nothing starts from there."""
    try:
        os.getcwd()
    except FileNotFoundError:
        raise ConfigError(
            "the working directory was deleted; enter one that exists, also if it has the same name"
        ) from None


def check_socket_path(path: Path) -> None:
    """Raise ConfigError if the path is too long for a socket."""
    length = len(os.fsencode(path))
    if length > SOCKET_PATH_MAX:
        raise ConfigError(
            f"the socket path {path} has {length} bytes, the kernel takes {SOCKET_PATH_MAX}; "
            "name a shorter directory (RTD_RUNTIME_DIR, RTD_STATE_DIR, RTD_SOCKET)"
        )
