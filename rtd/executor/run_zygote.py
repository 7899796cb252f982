"""The life of a zygote, from its command line to its end."""

import argparse
import gc
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Protocol

from rtd.executor.output.stdio_router import STDIO
from rtd.executor.zygote.executor_start import ExecutorStart
from rtd.executor.zygote.executor_table import ExecutorMain
from rtd.executor.zygote.import_app import import_app
from rtd.executor.zygote.supervisor_connection import SupervisorConnection
from rtd.executor.zygote.zygote import Zygote, ZygoteOptions
from rtd.process.board.board import Board
from rtd.process.fork.file_descriptors import close_inherited
from rtd.process.fork.fork import lead_session
from rtd.process.fork.prctl import set_subreaper
from rtd.process.fork.process_title import set_title
from rtd.session.app.load_app import hide_arguments
from rtd.session.session import Session
from rtd.session.task_log.log_record import is_logged


class AppLoader(Protocol):
    """Imports an app, see `rtd.session.app.load_app.load`."""

    def __call__(self, app: str, middleware: Sequence[str] = ()) -> Session:
        """Return its session."""


def run_zygote(argv: list[str], executor_main: ExecutorMain, load: AppLoader) -> int:
    """Be a zygote until the supervisor ends it. The garbage collector may be off until the app is
    imported: imports leave next to no garbage, and it takes a fifth of their time.

    Args:
        argv: the command line behind the program's name.
        executor_main: the body of its executors.
        load: imports an app.
    """
    given = _parser().parse_args(argv)
    close_inherited()
    main = ExecutorStart(executor_main, given.runtime, given.app, given.middleware).run
    runtime_dir: Path = given.runtime
    set_title(f"app {given.app}" if given.app else "zygote")
    lead_session()
    set_subreaper()
    STDIO.install()
    if given.app:
        hide_arguments(given.app)
    app = import_app(given.app, partial(load, middleware=given.middleware), preload)
    gc.enable()
    STDIO.begin_with_app()
    board = Board(runtime_dir / "board")
    connection = SupervisorConnection(runtime_dir / "zygote.sock")
    options = ZygoteOptions(given.generation, given.slots, given.orphan_s)
    Zygote(options, app, main, board, connection).run()
    return 0


def preload(session: Session) -> None:
    """Import what only some apps need: once here, then in no executor again."""
    if session.middleware or session.exception_handlers:
        import rtd.executor.runs.run_middleware  # lazy: many apps have no middleware
    if is_logged():
        import rtd.executor.task_log_writer  # noqa: F401  # lazy: many apps do not log their runs


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m rtd.executor", description="A zygote.")
    parser.add_argument("--runtime", type=Path, required=True, metavar="DIR")
    parser.add_argument("--generation", type=int, required=True, metavar="N")
    parser.add_argument("--slots", type=_slots, required=True, metavar="LO:HI")
    parser.add_argument("--app", metavar="APP")
    parser.add_argument("--middleware", action="append", default=[], metavar="NAME")
    parser.add_argument("--orphan-s", type=float, metavar="SECONDS")
    return parser


def _slots(text: str) -> tuple[int, int]:
    low, _, high = text.partition(":")
    return int(low), int(high)
