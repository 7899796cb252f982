"""Reads replies from a blocking socket: with an end, no matter what the server sends."""

from typing import Any, Final

import hiredis

from rtd.common.errors import StoreGone
from rtd.common.stdlib.originals import socket, time
from rtd.config.redis_url import RedisAddress
from rtd.store.connection import codec

__all__ = ["receive_replies"]

_CHUNK: Final = 1 << 16


def receive_replies(
    sock: socket.socket, reader: hiredis.Reader, count: int, limit_s: float, address: RedisAddress
) -> list[Any]:
    """Return so many replies, in order.

    Args:
        limit_s: the time-out of the socket; all replies together may take as long from the
            first piece on.
        address: for people.

    Raises:
        StoreGone: the connection is of no more use.
    """
    replies: list[Any] = []
    size_bytes, until_s = 0, 0.0
    try:
        while True:
            while (reply := reader.gets()) is not codec.INCOMPLETE:
                replies.append(reply)
                if len(replies) == count:
                    return replies
            data = sock.recv(_CHUNK)
            if not data:
                raise StoreGone(f"Redis at {address} closed the connection")
            reader.feed(data)
            size_bytes += len(data)
            if size_bytes > codec.REPLY_LIMIT_BYTES:
                raise StoreGone(f"lost Redis at {address}: {codec.too_large()}")
            now_s = time.monotonic()
            until_s = until_s or now_s + limit_s
            if now_s > until_s:  # a reply that comes byte by byte
                raise TimeoutError
    except (BlockingIOError, TimeoutError):
        late = f"Redis at {address} has not answered for {limit_s:g} s"
        raise StoreGone(late) from None
    except (hiredis.ProtocolError, MemoryError) as error:
        why = codec.describe_garbage(error)
        raise StoreGone(f"lost Redis at {address}: {why}") from None
    except OSError as error:
        raise StoreGone(f"lost Redis at {address}: {error}") from None
