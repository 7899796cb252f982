"""Read the golden data of a release, for the tests."""

import json
from pathlib import Path
from typing import Any

from rtd.store.connection.blocking import RedisConnection
from rtd.store.connection.command import RedisCommand

_FOLDER = Path(__file__).parent
#: The releases whose data there is, the oldest first.
RELEASES = sorted(path.name for path in _FOLDER.iterdir() if path.name[0].isdigit())

_WRITE: dict[str, Any] = {
    "string": lambda value: ("SET", [value]),
    "list": lambda value: ("RPUSH", value),
    "set": lambda value: ("SADD", value),
    "hash": lambda value: ("HSET", value),
    "zset": lambda value: (
        "ZADD",
        [v for i in range(0, len(value), 2) for v in value[i : i + 2][::-1]],
    ),
}


def golden_blobs(release: str, name: str) -> dict[str, bytes]:
    """The blobs of a JSON file, by the name of their case."""
    data = json.loads((_FOLDER / release / f"{name}.json").read_text(encoding="ascii"))
    return {case: bytes.fromhex(digits) for case, digits in data.items()}


def golden_file(release: str, name: str) -> bytes:
    """The content of a binary file."""
    return (_FOLDER / release / name).read_bytes()


def golden_keys(release: str) -> set[str]:
    """The names of the keys in Redis, without the prefix of the namespace."""
    return set(json.loads((_FOLDER / release / "redis.json").read_text(encoding="ascii")))


def restore_redis(release: str, link: RedisConnection, prefix: str) -> None:
    """Write the keys of the release into an empty Redis, with this prefix."""
    data = json.loads((_FOLDER / release / "redis.json").read_text(encoding="ascii"))
    for name, (kind, value) in data.items():
        key, content = prefix + name, _from_hex(value)
        if kind == "stream":
            commands = [("XADD", key, entry, *fields) for entry, fields in content]
        else:
            word, args = _WRITE[kind](content)
            commands = [(word, key, *args)]
        for command in commands:
            link.execute(RedisCommand(command))


def _from_hex(value: Any) -> Any:
    return bytes.fromhex(value) if isinstance(value, str) else [_from_hex(v) for v in value]
