"""The app in the zygote: imported once, described as data, checked before the first fork."""

import sys
import traceback
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from rtd.common.errors import RtdError
from rtd.common.stdlib.originals import keep_originals
from rtd.executor.zygote.app_connections import describe_connections, own_sockets
from rtd.executor.zygote.import_watch import watch_import
from rtd.process.fork.fork import freeze_heap, other_threads
from rtd.process.fork.process_end import flush_before_forks
from rtd.process.fork.shared_connections import OpenFiles
from rtd.process.tree.children import own_children
from rtd.session.app.before_fork import call_before_fork
from rtd.session.app.manifest import manifest_of
from rtd.session.app.monkey_patches import refuse_patches
from rtd.session.core.app_errors import find_app_frame
from rtd.session.session import Session

__all__ = ["ImportedApp", "import_app"]

AppLoader = Callable[[str], Session]


@dataclass(frozen=True, slots=True)
class ImportedApp:
    """An app, or why it does not import.

    Attributes:
        name: as it was given; None: shell commands only.
        error: one sentence with file and line when it does not import.
        error_place: {file, line} of the error when it is known.
        warnings: sentences about what will not work in forked executors.
        helpers: pids of processes that the import started; they belong to the app.
    """

    name: str | None
    session: Session | None = None
    manifest: dict[str, Any] | None = None
    error: str | None = None
    error_place: dict[str, Any] | None = None
    warnings: list[str] = field(default_factory=list)
    helpers: frozenset[int] = frozenset()


def import_app(
    name: str | None, loader: AppLoader, preload: Callable[[Session], None]
) -> ImportedApp:
    """Import the app and make the heap ready for forks.

    Args:
        preload: called after the import: imports what the executors of this app need.

    Errors of the import are not raised: `error` and `error_place` describe them.
    """
    if name is None:
        freeze_heap()
        return ImportedApp(None)
    files = OpenFiles(own_sockets())
    keep_originals()
    patches = refuse_patches()
    try:
        with watch_import(name):
            session = loader(name)
            call_before_fork(session)
            manifest = manifest_of(session, name).to_dict()
    except RtdError as error:
        return ImportedApp(name, error=error.sentence, error_place=_place(error))
    except BaseException as error:
        text = f"app {name} does not import: {type(error).__name__}: {error}".splitlines()[0]
        return ImportedApp(name, error=text, error_place=_place(error))
    finally:
        _flush()
    warnings = [*_warnings(name, files), *patches.describe(name)]
    helpers = frozenset(own_children())
    preload(session)
    flush_before_forks()
    freeze_heap()
    return ImportedApp(name, session, manifest, warnings=warnings, helpers=helpers)


def _warnings(name: str, files: OpenFiles) -> list[str]:
    found = []
    threads = other_threads()
    if threads:
        found.append(
            f"app {name} has started {len(threads)} thread{'s' if threads[1:] else ''} while it was"
            f" imported ({', '.join(threads[:5])}): executors are forked and do not have them;"
            " start them in the task"
        )
    return found + describe_connections(name, files)


def _place(error: BaseException) -> dict[str, Any] | None:
    """Where the user's code failed: of a chain of causes the first, its innermost frame."""
    while error.__cause__ is not None:
        error = error.__cause__
    if isinstance(error, SyntaxError) and error.filename:
        return {"file": error.filename, "line": error.lineno}
    frame = find_app_frame(traceback.extract_tb(error.__traceback__))
    return None if frame is None else {"file": frame.filename, "line": frame.lineno}


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        with suppress(Exception):  # the app has put its own there, closed it, or none
            stream.flush()
