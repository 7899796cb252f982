"""Commands as bytes and replies as results: shared by both connections."""

from collections.abc import Sequence
from typing import Any, Final

import hiredis

from rtd.common.errors import StoreError, StoreGone
from rtd.store.connection.command import RedisCommand
from rtd.store.connection.lua_scripts import script
from rtd.store.connection.url import RedisAddress

#: The value of `hiredis.Reader.gets` while a reply is incomplete (None is a reply).
INCOMPLETE: Final = object()
#: Errors of a server that is there but will not serve now: it starts, or it lost its role.
_AWAY: Final = ("LOADING", "MASTERDOWN", "READONLY", "CLUSTERDOWN", "TRYAGAIN")
#: Ends the greeting, so that its reply can be told from those of AUTH and SELECT.
_PING: Final = ("PING",)


def new_reader() -> hiredis.Reader:
    """Return a parser for one connection; error replies become `hiredis.ReplyError` values."""
    return hiredis.Reader(notEnoughData=INCOMPLETE)


def pack_args(args: tuple[Any, ...]) -> bytes:
    """Return the bytes of a plain command."""
    packed: bytes = hiredis.pack_command(args)
    return packed


def pack_command(call: RedisCommand) -> bytes:
    """Return the bytes of a command; a script goes by its digest."""
    if call.script is None:
        return pack_args(call.args)
    return pack_args(("EVALSHA", script(call.script).digest, *call.args))


def pack_script(call: RedisCommand) -> bytes:
    """Return the bytes of a script with its source, for a server that does not know the digest."""
    assert call.script is not None
    return pack_args(("EVAL", script(call.script).source, *call.args))


def unknown_scripts(replies: Sequence[Any]) -> list[int]:
    """Return which replies say that the server does not know the script."""
    return [
        i
        for i, reply in enumerate(replies)
        if isinstance(reply, hiredis.ReplyError) and str(reply).startswith("NOSCRIPT")
    ]


def parse_replies(
    calls: Sequence[RedisCommand], replies: Sequence[Any], address: RedisAddress
) -> list[Any]:
    """Return the result of each command, as its `parse` makes it.

    Raises:
        StoreGone: the server is starting or is not the master any more.
        StoreError: it refused a command. The others of the round trip have been carried out;
            their results are lost.
    """
    for call, reply in zip(calls, replies, strict=True):
        if isinstance(reply, hiredis.ReplyError):
            raise refusal(call.script or str(call.args[0]), reply, address)
    return [call.parse(reply) for call, reply in zip(calls, replies, strict=True)]


def refusal(what: str, reply: Exception, address: RedisAddress) -> StoreGone | StoreError:
    """Return an error reply as an error for people."""
    text = str(reply)
    if text.startswith(_AWAY):
        return StoreGone(f"Redis at {address} does not serve now: {text}")
    return StoreError(f"Redis at {address} refused {what}: {text}")


def unreachable(address: RedisAddress, error: OSError) -> StoreGone | StoreError:
    """Return a failed attempt to connect as an error for people.

    A wrong certificate stays wrong: the caller must not wait for it.
    """
    if address.tls is not None and "CERTIFICATE" in str(error):
        return StoreError(f"Redis at {address}: TLS failed: {error}")
    return StoreGone(f"no Redis at {address}: {error}")


def login_commands(address: RedisAddress) -> list[tuple[Any, ...]]:
    """Return the first commands of a connection; `check_login` reads their replies."""
    commands: list[tuple[Any, ...]] = []
    if address.password is not None:
        user = () if address.username is None else (address.username,)
        commands.append(("AUTH", *user, address.password))
    if address.db:
        commands.append(("SELECT", address.db))
    return [*commands, _PING]


def check_login(address: RedisAddress, replies: Sequence[Any]) -> None:
    """Raise as `parse_replies` does if the server refused the log-in."""
    for command, reply in zip(login_commands(address), replies, strict=True):
        if isinstance(reply, hiredis.ReplyError):
            raise refusal(f"{command[0]} (the log-in)", reply, address)
