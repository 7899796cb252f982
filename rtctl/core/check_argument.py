"""Refuses arguments that cannot be used. Imported by every `rtctl`: it stays cheap."""

from __future__ import annotations

import os

from rtd.common.errors import BadRequest, ConfigError
from rtd.config.socket_path import SOCKET_PATH_MAX, is_socket_named, socket_path


def check_number(name: str, value: object) -> None:
    """Raise BadRequest for an argument that is neither a number nor None."""
    if value is not None and (isinstance(value, bool) or not isinstance(value, int | float)):
        raise _wrong(name, "a number or None", value)


def check_task(name: object) -> None:
    """Raise BadRequest for the name of a task that is no text."""
    if not isinstance(name, str):
        raise _wrong("task", "the name of a task", name)


def check_map(name: str, value: object, what: str = "a dict") -> None:
    """Raise BadRequest for an argument that is neither a dict nor another mapping."""
    if not isinstance(value, dict) and not hasattr(value, "keys"):
        raise _wrong(name, what, value)


def check_list(name: str, value: object, what: str) -> None:
    """Raise BadRequest for an argument that is no list of things: a single one, a text, a dict."""
    if isinstance(value, str | bytes | dict) or not hasattr(value, "__iter__"):
        raise _wrong(name, what, value)


def refuse_values(values: tuple[object, ...]) -> None:
    """Raise BadRequest for parameters of a task that are given without their names."""
    if values:
        from rtd.common.text_of import show_value  # lazy: only an error needs it

        raise BadRequest(
            f"submit: {show_value(values[0])} has no name: parameters are passed by name, as in"
            f" submit(..., shop={show_value(values[0])})"
        )


def _wrong(name: str, what: str, value: object) -> BadRequest:
    from rtd.common.text_of import show_value  # lazy: only an error needs it

    return BadRequest(f"{name} must be {what}, not {show_value(value)}")


def find_address(address: str | os.PathLike[str] | None) -> str:
    """Return the path of the control socket.

    Args:
        address: as the caller names it; None: as the environment does.

    Raises:
        ConfigError: it cannot be the path of a socket; names the variable that it came from.
        BadRequest: it is no path at all.
    """
    try:
        path = os.fsdecode(address) if address is not None else socket_path()
    except TypeError:
        raise _wrong("address", "the path of a socket or None", address) from None
    if address is None:
        place = "RTD_SOCKET: " if is_socket_named() else "the runtime directory: "
    else:
        place = ""
    size = len(os.fsencode(path))
    if "://" in path:  # only its scheme is shown: a password may stand behind it
        raise ConfigError(
            f"{place}the URL {path.partition('://')[0]:.20}://... is no path of a socket; name that"
            " of rtd's, such as /run/rtd/rtd.sock (the URL of a Redis, redis://, is for RTD_URL and"
            " --url of rtctl, and for the library's Client)"
        )
    if not path or "\0" in path:
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
