"""Reads from the files of an embedded Redis which servers can read them.

The base file of the append-only log says in its first bytes which format it has and which server
wrote it. What follows the base file are commands, and rtd uses none that Redis 6.2 does not know;
so the base file decides.
"""

import re
from pathlib import Path
from typing import Final, NamedTuple

from rtd.store.embedded.find_server import ServerProgram

_HEAD_BYTES: Final = 512
_FORMAT: Final = re.compile(rb"REDIS(\d{4})|VALKEY(\d{3})")
#: A field of the head: its name, the length of its value (of less than 64 bytes).
_WRITER: Final = re.compile(rb"(redis|valkey)-ver([\x01-\x3f])")
_BASE_FILE: Final = re.compile(r'^file "?(\S+?)"? seq \d+ type b', re.MULTILINE)
#: The newest format that a server reads, from this version on. Later versions may read newer ones.
_REDIS_READS: Final = {(6, 2): 9, (7, 0): 10, (7, 2): 11, (7, 4): 12}
_VALKEY_READS: Final = {(7, 2): 11, (9, 0): 80}
#: Valkey left the numbers between its own to Redis, and reads none of them.
_ONLY_REDIS: Final = range(12, 80)


class DataFormat(NamedTuple):
    """The facts that decide which servers can read the data.

    Attributes:
        in_parts: whether it is several files in `appendonlydir`, as from Redis 7.0 on.
        version: of the format of the base file; 0 when that holds only commands.
        writer: the server that wrote the base file, as `Redis 8.2.3`; empty: unknown.
    """

    in_parts: bool
    version: int = 0
    writer: str = ""

    def describe_writer(self) -> str:
        """Return the server that wrote the data, as precisely as the files say."""
        return self.writer or ("Redis 7.0 or newer" if self.in_parts else "Redis 6.2")


def read_data_format(directory: Path) -> DataFormat | None:
    """Return the format of the data in Redis' directory, None when there is none yet."""
    parts = directory / "appendonlydir"
    if parts.is_dir():
        base = _BASE_FILE.search(_read(parts / "appendonly.aof.manifest").decode(errors="replace"))
        return _read_head(_read(parts / base[1]) if base else b"", in_parts=True)
    head = _read(directory / "appendonly.aof")
    return _read_head(head, in_parts=False) if head else None


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(_HEAD_BYTES)
    except FileNotFoundError:
        return b""


def _read_head(head: bytes, *, in_parts: bool) -> DataFormat:
    form = _FORMAT.match(head)
    if form is None:
        return DataFormat(in_parts)
    found, writer = _WRITER.search(head), ""
    if found:
        value = head[found.end() : found.end() + found[2][0]]
        writer = f"{found[1].decode().capitalize()} {value.decode(errors='replace')}"
    return DataFormat(in_parts, int(form[1] or form[2]), writer)


def unreadable_reason(server: ServerProgram, data: DataFormat | None) -> str:
    """Return why a server cannot read the data; empty when it can, or there is none.

    In doubt it cannot: a server that does not know the format would end, or start empty.
    """
    if data is None:
        return ""
    if data.in_parts and server.version < (7, 0, 0):
        return "does not read the files of Redis 7.0 or newer"
    if _is_at_least(server, data.writer):
        return ""
    if server.is_valkey and data.version in _ONLY_REDIS:
        return "does not read the data of Redis 7.4 or newer"
    if not server.is_valkey and data.version >= _ONLY_REDIS.stop:
        return "does not read the data of Valkey 9.0 or newer"
    reads = _VALKEY_READS if server.is_valkey else _REDIS_READS
    newest = max(form for since, form in reads.items() if since <= server.version[:2])
    return "" if data.version <= newest else f"is older than {data.describe_writer()}"


def _is_at_least(server: ServerProgram, writer: str) -> bool:
    """Whether the server is the writer's kind and version, or a newer one."""
    found = re.fullmatch(r"(Redis|Valkey) (\d+)\.(\d+)\.(\d+)", writer)
    if found is None or (found[1] == "Valkey") != server.is_valkey:
        return False
    return server.version >= (int(found[2]), int(found[3]), int(found[4]))
