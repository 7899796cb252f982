"""The Redis servers that are on this machine, one of each version."""

import os
from pathlib import Path

from rtd.store.embedded.find_server import ServerProgram, candidates, probe_server

#: Further server programs to test with, separated like PATH.
VARIABLE = "RTD_TEST_REDIS_SERVERS"


def servers() -> list[ServerProgram]:
    """One server per version: those that rtd would find, and those that the variable names."""
    named = os.environ.get(VARIABLE, "")
    by_version: dict[str, ServerProgram] = {}
    for path in [*candidates(), *(Path(p) for p in named.split(os.pathsep) if p)]:
        server = probe_server(path)
        if server is not None:
            by_version.setdefault(server.describe(), server)
    return list(by_version.values())


def name(server: ServerProgram) -> str:
    """The server as a test's parameter."""
    return server.describe().lower().replace(" ", "-")
