"""The server that ran last on the data, in a file beside the data."""

import contextlib
import json
import os
from pathlib import Path
from typing import Final

from rtd.store.embedded.find_server import ServerProgram

FILE: Final = "server"


def read_last_server(directory: Path) -> ServerProgram | None:
    """Return the server that ran last in Redis' directory, None when that is unknown."""
    with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
        stored = json.loads((directory / FILE).read_text())
        major, minor, patch = map(int, stored["version"])
        return ServerProgram(Path(stored["path"]), (major, minor, patch), bool(stored["valkey"]))
    return None


def write_last_server(directory: Path, server: ServerProgram) -> None:
    """Remember the server for the next start.

    Raises:
        OSError: the file cannot be written.
    """
    if read_last_server(directory) == server:
        return
    stored = {"path": str(server.path), "version": server.version, "valkey": server.is_valkey}
    written = directory / f"{FILE}.new"
    written.write_text(json.dumps(stored) + "\n")
    os.replace(written, directory / FILE)
