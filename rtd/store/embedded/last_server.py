"""The server that ran last on the data, in a file beside the data."""

import contextlib
import json
import logging
import os
from pathlib import Path
from typing import Final

from rtd.store.embedded.find_server import ServerProgram

FILE: Final = "server"
#: So much of a damaged file is shown.
_SHOWN_CHARS: Final = 60
_log = logging.getLogger(__name__)


def read_last_server(directory: Path) -> ServerProgram | None:
    """Return the server that ran last in Redis' directory, None when that is unknown.

    A file that does not say it is a line in the log.
    """
    path, text = directory / FILE, ""
    try:
        text = path.read_text(errors="replace")
        stored = json.loads(text)
        major, minor, patch = map(int, stored["version"])
        return ServerProgram(Path(stored["path"]), (major, minor, patch), bool(stored["valkey"]))
    except FileNotFoundError:
        return None
    except OSError as error:
        reason = f"cannot be read ({error.strerror})"
    except (ValueError, KeyError, TypeError, RecursionError):
        reason = f"is damaged (it begins with {text[:_SHOWN_CHARS]!r})" if text else "is empty"
    _log.warning(
        "%s, which names the Redis that ran last on the data, %s: one of the version that has"
        " written the data continues, or the first that can read it", path, reason,
    )  # fmt: skip
    return None


def write_last_server(directory: Path, server: ServerProgram) -> None:
    """Remember the server for the next start.

    Raises:
        OSError: the file cannot be written.
    """
    stored = {"path": str(server.path), "version": server.version, "valkey": server.is_valkey}
    text, path = json.dumps(stored) + "\n", directory / FILE
    with contextlib.suppress(OSError, ValueError):
        if path.read_text() == text:
            return
    written = directory / f"{FILE}.new"
    written.write_text(text)
    os.replace(written, path)
