"""The Redis servers that are on this machine, one of each version."""

import os
from pathlib import Path

from rtd.store.embedded.find_server import ServerProgram, candidates, read_version

#: Further server programs to test with, separated like PATH.
VARIABLE = "RTD_TEST_REDIS_SERVERS"


def servers() -> list[ServerProgram]:
    """One server per version: those that rtd would find, and those that the variable names."""
    named = os.environ.get(VARIABLE, "")
    by_version: dict[tuple[int, int, int], ServerProgram] = {}
    for path in [*candidates(), *(Path(p) for p in named.split(os.pathsep) if p)]:
        version = read_version(path)
        if version is not None:
            by_version.setdefault(version, ServerProgram(path, version))
    return list(by_version.values())


def name(server: ServerProgram) -> str:
    """The server as a test's parameter."""
    return "redis-" + ".".join(map(str, server.version))
