"""Opens sockets to Redis and sets their options."""

import struct

from rtd.common.stdlib.originals import originals_in_place, socket
from rtd.config.redis_url import RedisAddress


def open_socket(address: RedisAddress, timeout_s: float) -> socket.socket:
    """Return a connected blocking socket, in TLS if the address wants it. Raises OSError."""
    if address.path is not None:
        sock = socket.socket(socket.AF_UNIX)
        sock.settimeout(timeout_s)
        try:
            sock.connect(address.path)
        except BaseException:
            sock.close()
            raise
        return sock
    with originals_in_place():
        sock = socket.create_connection((address.host, address.port), timeout_s)
    tune_tcp(sock)
    context = address.ssl_context()
    return sock if context is None else context.wrap_socket(sock, server_hostname=address.host)


def tune_tcp(sock: socket.socket) -> None:
    """Send small packets at once, and notice within half a minute that the peer is gone."""
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 10)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 5)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, 4)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, 30_000)


def limit_waits(sock: socket.socket, address: RedisAddress, timeout_s: float) -> None:
    """Let no read and no write take longer than this.

    A time-out of the kernel costs no extra poll() per read, as Python's own does. TLS needs
    Python's; so do the sockets of a program that was patched before it imported rtd.
    """
    if address.tls is not None or type(sock).__module__ != socket.__name__:
        sock.settimeout(timeout_s)
        return
    sock.setblocking(True)
    whole, part = divmod(timeout_s, 1)
    limit = struct.pack("@ll", int(whole), int(part * 1e6))
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, limit)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, limit)
