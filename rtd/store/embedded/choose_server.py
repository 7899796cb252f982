"""Chooses the Redis server to start on the data of a directory."""

import logging
import os
from pathlib import Path
from typing import NamedTuple

from rtd.common.errors import ConfigError
from rtd.config.file_owners import file_fault
from rtd.store.embedded.data_format import DataFormat, read_data_format, unreadable_reason
from rtd.store.embedded.find_server import (
    MIN_VERSION,
    ServerProgram,
    candidates,
    install_hint,
    probe_server,
)
from rtd.store.embedded.last_server import read_last_server

_log = logging.getLogger(__name__)


class _Candidate(NamedTuple):
    path: Path
    server: ServerProgram | None
    reason: str  # why it cannot be used; empty: it can

    def describe(self) -> str:
        named = f" is {self.server.describe()} and" if self.server else ""
        return f"{self.path}{named} {self.reason}"


def choose_server(directory: Path, named: ServerProgram | None = None) -> ServerProgram:
    """Return the server to start.

    The one that ran last on the data goes on, also after its update. If it is gone: one of the
    same version, else the first of `candidates` that can read the data. For data that does not
    exist yet: the first that is new enough.

    Args:
        directory: Redis' directory; it need not exist yet.
        named: the only one to be used.

    Raises:
        ConfigError: none can be used; lists all that there are, and says what to install.
    """
    data = read_data_format(directory)
    if named is not None:
        return _check_named(named, directory, data)
    last = read_last_server(directory)
    if last is not None and (again := _examine(last.path, data)).server and not again.reason:
        return again.server
    found = [_examine(path, data) for path in candidates()]
    usable = [each.server for each in found if each.server and not each.reason]
    if not usable:
        raise ConfigError(_nothing_usable(directory, data, found))
    writer = last.describe() if last else data.writer if data else ""
    choice = next((server for server in usable if server.describe() == writer), usable[0])
    if last is not None:
        _log.warning(
            "%s, %s, ran on the data in %s and cannot be started any more; %s, %s, takes over",
            last.path, last.describe(), directory, choice.path, choice.describe(),
        )  # fmt: skip
    return choice


def probe_named_server(path: Path, place: str = "redis_server") -> ServerProgram:
    """Return the server that the setting `redis_server` names.

    Args:
        path: its value.
        place: where it was set, for errors.

    Raises:
        ConfigError: it is not there, cannot be started, or is too old.
    """
    server = None
    if not path.is_file():
        reason = "is no file"
    elif not os.access(path, os.X_OK):
        reason = "is not executable"
    else:
        _, server, reason = _examine(path, None, is_named=True)
    if server is None or reason:
        raise ConfigError(
            f"{place}: {_Candidate(path, server, reason).describe()}; name the program of a"
            " redis-server or valkey-server, or leave the setting out"
        )
    return server


def _check_named(named: ServerProgram, directory: Path, data: DataFormat | None) -> ServerProgram:
    reason = unreadable_reason(named, data)
    if data is not None and reason:
        raise ConfigError(
            f"{_Candidate(named.path, named, reason).describe()}; {data.describe_writer()} wrote "
            f"the data in {directory}: name that or a newer one, or leave `redis_server` out"
        )
    return named


def _examine(path: Path, data: DataFormat | None, is_named: bool = False) -> _Candidate:
    if os.getuid() == 0 and not is_named and path.is_file() and (fault := file_fault(path)):
        return _Candidate(path, None, f"is not started by root: {fault}")
    server = probe_server(path)
    if server is None:
        return _Candidate(path, None, "does not run here as a Redis server")
    if server.version[:2] < MIN_VERSION:
        return _Candidate(path, server, "is too old (6.2 at least)")
    return _Candidate(path, server, unreadable_reason(server, data))


def _nothing_usable(directory: Path, data: DataFormat | None, found: list[_Candidate]) -> str:
    listed = "; ".join(each.describe() for each in found)
    if data is None:
        seen = f" ({listed})" if listed else ""
        return (
            f"no Redis server found to start{seen}: {install_hint()} "
            'or name a running one: redis = "redis://host/0"'
        )
    seen = listed or "none is installed"
    return (
        f"no Redis server here can read the data in {directory}, which {data.describe_writer()} "
        f"wrote ({seen}): {install_hint()} of that version or a newer one, or name its "
        'program: redis_server = "/path/of/redis-server"'
    )
