"""Commands as bytes and replies as results: shared by both connections."""

import re
from collections.abc import Sequence
from typing import Any, Final

import hiredis

from rtd.common.errors import StoreError, StoreGone, StoreRefusal
from rtd.config.redis_url import RedisAddress
from rtd.store.connection.command import RedisCommand
from rtd.store.connection.lua_scripts import script

#: The value of `hiredis.Reader.gets` while a reply is incomplete (None is a reply).
INCOMPLETE: Final = object()
#: Errors of a server that is there but will not serve now: it starts, it lost its role, a script
#: keeps it busy. Another server may have taken its place: worth a new connection.
_AWAY: Final = frozenset(
    {"LOADING", "MASTERDOWN", "READONLY", "CLUSTERDOWN", "TRYAGAIN", "UNBLOCKED", "BUSY"}
)
#: Errors of a server that serves, and takes no writes now, or no commands of this user.
_NO_WRITES: Final = frozenset({"MISCONF", "OOM", "NOREPLICAS", "NOPERM", "NOAUTH"})
#: A script that was ended or may not write, or too many clients: these have no word of their own.
#: Of a command that a script may not call, Redis 7 and later name neither the word nor the script.
_PASSING: Final = (
    "Script killed by user", "max number of clients reached", "executing the script can't run",
    "ACL failure in script",
)  # fmt: skip
#: Redis 6.2 wraps the error of a command in a script: `ERR Error running script ...: -OOM ...`.
_WORD: Final = re.compile(r"^ERR Error running script.*?: -([A-Z]+) |^([A-Z]+)\b", re.DOTALL)
#: Ends the greeting, so that its reply can be told from those of AUTH and SELECT.
_PING: Final = ("PING",)
#: No value in Redis is larger, by its own default: a reply that is has no end.
REPLY_LIMIT_BYTES: Final = 512 << 20
#: So long, at least, a server may take for the log-in: it is there, and may be busy.
LOGIN_S: Final = 10.0
#: So long a reply may take before the server counts as gone.
REPLY_S: Final = 60.0
#: So much of the text of an error is shown.
_ERROR_CHARS: Final = 300


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
        StoreRefusal: it takes no commands, or no writes, for now. Others of the round trip may
            have been carried out; their results are lost.
        StoreError: it refused a command that cannot work. The same holds.
    """
    for call, reply in zip(calls, replies, strict=True):
        if isinstance(reply, hiredis.ReplyError):
            raise refusal(call.script or str(call.args[0]), reply, address)
    return [call.parse(reply) for call, reply in zip(calls, replies, strict=True)]


def refusal(what: str, reply: Exception, address: RedisAddress) -> StoreRefusal | StoreError:
    """Return an error reply as an error for people; without the password, which some repeat."""
    word, text = refusal_word(str(reply)), _for_people(reply, address)
    if word in _AWAY:
        return StoreRefusal(f"Redis at {address} does not serve now: {text}", elsewhere=True)
    if word in _NO_WRITES or any(part in str(reply) for part in _PASSING):
        return StoreRefusal(f"Redis at {address} takes no writes now: {text}")
    return StoreError(f"Redis at {address} refused {what}: {text}")


def _for_people(reply: Exception, address: RedisAddress) -> str:
    """Return the text of an error reply: any server may have written it."""
    text = str(reply).partition(", with args")[0]  # those of AUTH
    if address.password:
        text = text.replace(address.password, "***")
    text = "".join(c if c.isprintable() else "?" for c in text[: _ERROR_CHARS + 1])
    return text if len(text) <= _ERROR_CHARS else f"{text[:_ERROR_CHARS]} ..."


def describe_garbage(error: Exception) -> str:
    """Return why what came is no reply of Redis."""
    if isinstance(error, MemoryError):
        return "not what Redis says: a reply that is too large for the memory"
    if r"\x15" in str(error):  # a record of TLS that is an alert
        return f"not what Redis says, but TLS: is it rediss://? ({error})"
    return f"not what Redis says: {error}"


def too_large() -> str:
    """Return why a reply is not read to its end."""
    return f"a reply of more than {REPLY_LIMIT_BYTES >> 20} MB is none of Redis"


def refusal_word(text: str) -> str:
    """Return the word that names an error reply: `MISCONF`; that of the command in a script."""
    found = _WORD.match(text)
    return "" if found is None else found[1] or found[2]


def unreachable(address: RedisAddress, error: OSError) -> StoreGone | StoreError:
    """Return a failed attempt to connect as an error for people.

    A wrong certificate stays wrong: the caller must not wait for it.
    """
    if address.tls is not None:
        if "CERTIFICATE" in str(error):
            return StoreError(f"Redis at {address}: TLS failed: {error}")
        if "WRONG_VERSION_NUMBER" in str(error):
            return StoreError(
                f"Redis at {address}: TLS failed: the server does not speak TLS; name its port for"
                " TLS, or redis://"
            )
    return StoreGone(f"no Redis at {address}: {error}")


def lost_in_login(address: RedisAddress, error: StoreGone) -> StoreGone:
    """Return the loss of a connection whose log-in was on its way, as an error for people.

    With TLS 1.3 a server that misses the client's certificate says so only then, or just ends the
    connection.
    """
    tls = address.tls
    is_silent = "has not answered" in error.sentence
    if tls is None or "ssl_certfile" in tls or is_silent or isinstance(error, StoreRefusal):
        return error
    return StoreGone(
        f"{error.sentence}; if the server wants a certificate of its clients, name ssl_certfile in"
        " the URL"
    )


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
    """Raise as `parse_replies` does if the server refused the log-in.

    A user that may not log in stays so: the caller must not wait for it.
    """
    for command, reply in zip(login_commands(address), replies, strict=True):
        if isinstance(reply, hiredis.ReplyError):
            what = f"{command[0]} (the log-in)"
            word = refusal_word(str(reply))
            if word in ("NOAUTH", "NOPERM"):
                text = _for_people(reply, address)
                raise StoreError(f"Redis at {address} refused {what}: {text}")
            if word in _NO_WRITES and command == _PING:
                continue  # it refuses PING when it takes no writes; it takes reads
            raise refusal(what, reply, address)
