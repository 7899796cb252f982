"""Unix sockets whose path never lacks a socket: bound to a temporary name, then renamed."""

import contextlib
import os
import secrets
import socket
import struct
from pathlib import Path

from rtd.common.errors import ConfigError
from rtd.config.socket_listener import UNKNOWN, listener_pid
from rtd.config.system_errors import describe_system_error

BACKLOG = 1024
_UCRED = struct.Struct("3i")


def bind_unix(path: Path, mode: int, gid: int | None = None) -> socket.socket:
    """Return a listening, non-blocking Unix socket.

    Args:
        path: of the socket; replaces any file of that name in one step, but no socket on which
            another process listens.
        mode: permissions.
        gid: group; None: that of this process.

    Raises:
        ConfigError: the directory cannot be written, the group cannot be given, or another
            process listens there.
    """
    _check_free(path)
    # Other users may write in the directory of a named socket: they must not guess the name.
    temporary = path.with_name(f".{path.name[:20]}.{secrets.token_hex(4)}")
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
    try:
        old_mask = os.umask(0o177)
        try:
            _bind(listener, temporary)
        finally:
            os.umask(old_mask)
        if gid is not None:
            os.chown(temporary, -1, gid)
        os.chmod(temporary, mode)
        listener.listen(BACKLOG)
        os.rename(temporary, path)
    except OSError as error:
        listener.close()
        with contextlib.suppress(OSError):
            temporary.unlink()
        error.filename = str(path)
        raise ConfigError(f"the socket {describe_system_error(error)}") from None
    return listener


def is_listening(path: Path) -> bool:
    """Return whether this process listens on a socket, or it cannot be told."""
    return listener_pid(path) in (os.getpid(), UNKNOWN)


def _check_free(path: Path) -> None:
    pid = listener_pid(path)
    if pid not in (None, os.getpid(), UNKNOWN):
        raise ConfigError(
            f"the socket {path} is taken: process {pid} listens there; end it, or name another"
            " (RTD_SOCKET, RTD_RUNTIME_DIR)"
        )


def _bind(listener: socket.socket, path: Path) -> None:
    """Bind by a short name of the directory: the temporary name is longer than the socket's own,
    which may be as long as the kernel takes."""
    folder = os.open(path.parent, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        listener.bind(f"/proc/self/fd/{folder}/{path.name}")
    finally:
        os.close(folder)


def peer_pid(connection: socket.socket) -> int:
    """Return the pid of the process that connected; 0: it cannot be told."""
    try:
        blob = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _UCRED.size)
    except OSError:
        return 0
    pid: int = _UCRED.unpack(blob)[0]
    return pid
