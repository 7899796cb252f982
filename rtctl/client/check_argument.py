"""Refuses arguments that cannot be used. Imported by every `rtctl`: it stays cheap."""

from __future__ import annotations

import os

from rtd.common.errors import BadRequest, ConfigError
from rtd.config.socket_path import SOCKET_PATH_MAX, is_socket_named, socket_path


def check_number(name: str, value: object) -> None:
    """Raise BadRequest for an argument that is neither a number nor None."""
    if value is not None and (isinstance(value, bool) or not isinstance(value, int | float)):
        from rtd.common.text_of import show_value  # lazy: only an error needs it

        raise BadRequest(f"{name} must be a number or None, not {show_value(value)}")


def find_address(address: str | os.PathLike[str] | None) -> str:
    """Return the path of the control socket.

    Args:
        address: as the caller names it; None: as the environment does.

    Raises:
        ConfigError: it cannot be the path of a socket; names the variable that it came from.
    """
    path = os.fsdecode(address) if address is not None else socket_path()
    if address is None:
        place = "RTD_SOCKET: " if is_socket_named() else "the runtime directory: "
    else:
        place = ""
    size = len(os.fsencode(path))
    if "://" in path or not path or "\0" in path:
        raise ConfigError(
            f"{place}{path!r:.80} is no path of a socket; name that of rtd's, such as"
            " /run/rtd/rtd.sock"
        )
    if size > SOCKET_PATH_MAX:
        raise ConfigError(
            f"{place}the path of the socket has {size} bytes, the kernel takes {SOCKET_PATH_MAX}:"
            f" {path:.80} ..."
        )
    return path
