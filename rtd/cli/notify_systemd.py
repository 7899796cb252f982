"""Tells systemd that the daemon is ready."""

import contextlib
import os
import socket


def notify_systemd() -> None:
    """Send `READY=1` to systemd, for a unit of Type=notify; see sd_notify(3)."""
    address = os.environ.pop("NOTIFY_SOCKET", "")
    if not address:
        return
    if address.startswith("@"):
        address = "\0" + address[1:]
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as link, contextlib.suppress(OSError):
        link.sendto(b"READY=1\n", address)
