"""`python -m rtd.executor.run_patched`: an executor in a Python that gevent has patched.

Started by a zygote in the place of a forked executor. It patches the standard library first, then
imports the app, as gevent wants it; rtd's own modules are there before, with the originals.
"""

import argparse
import gc
import json
import sys
from functools import partial
from pathlib import Path
from typing import Any

from rtd.common.errors import RtdError
from rtd.common.stdlib.originals import keep_originals, os
from rtd.executor.core.backend import Backend
from rtd.executor.core.executor_options import ExecutorContext, ExecutorOptions
from rtd.executor.core.wait_readable import wait_readable
from rtd.executor.executor import load_lane, run_executor
from rtd.executor.output.stdio_router import STDIO
from rtd.executor.run_zygote import preload
from rtd.model.lanes import Lane, find_lane
from rtd.model.outcome_spool import Spool
from rtd.model.output_files import spool_path
from rtd.process.board.board import Board, Slot
from rtd.process.events.executor_signals import ExecutorSignals
from rtd.process.events.signals import SIGTERM, handle_signal
from rtd.process.fork.fork import EXIT_CRASHED, call_body
from rtd.process.fork.process_title import set_title
from rtd.session.app.load_app import hide_arguments, load
from rtd.session.app.manifest import manifest_of
from rtd.session.session import Session


def run_patched(argv: list[str]) -> int:
    """Be an executor until it is retired. Returns its exit code."""
    given = _parser().parse_args(argv)
    lane, app = find_lane(given.lane), given.app
    options = _read_options(given.options)
    set_title(f"{lane.name} starting")
    board = Board(given.runtime / "board")
    slots = [board.slot(index) for index in range(*given.slots)]
    _end_when_retired(slots[0])
    keep_originals()
    load_lane(lane)
    STDIO.install()
    if app:
        hide_arguments(app)
    session, fault = _import_app(app, given.middleware)
    gc.enable()
    STDIO.begin_with_app()
    if fault is not None:
        return _wait_for_reload(lane, given.exec_id, slots, options, fault)
    return run_executor(lane.name, given.exec_id, slots, session, options)


def _import_app(app: str | None, middleware: list[str]) -> tuple[Session | None, str | None]:
    """Patch, then import. Returns the session, or one sentence on why there is none."""
    from gevent import monkey  # lazy: not before rtd's own modules

    monkey.patch_all()
    if app is None:
        return None, None
    try:
        session = load(app, middleware)
        manifest_of(session, app)  # completes the definitions of the tasks
        preload(session)
    except RtdError as error:
        return None, error.sentence
    except BaseException as error:
        text = f"app {app} does not import: {type(error).__name__}: {error}".splitlines()[0]
        return None, text
    finally:
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
    return session, None


def _end_when_retired(slot: Slot) -> None:
    """End on a SIGTERM while the app is imported, if the executor is to retire."""

    def on_term() -> None:
        if slot.retiring:
            os._exit(0)

    handle_signal(SIGTERM, on_term)
    if slot.retiring:
        os._exit(0)


def _wait_for_reload(
    lane: Lane, exec_id: str, slots: list[Slot], options: dict[str, Any], fault: str
) -> int:
    """Report that the app does not import in this lane, and take no runs: a new executor would
    find the same. Returns when a reload or the end of the daemon retires this one."""
    chosen = ExecutorOptions.from_dict(options)
    signals = ExecutorSignals()

    def pause(seconds: float | None) -> None:
        signals.arm_wakeup()
        wait_readable((signals.wakeup_fd,), seconds)
        signals.drain()

    context = ExecutorContext(lane, exec_id, chosen, signals)
    spool = Spool(spool_path(chosen.output_dir, exec_id))
    backend = Backend(context, spool, pause)
    set_title(f"{lane.name} without its app")
    backend.reports.report_fault("lane", lane.name, f"its runs wait until a reload: {fault}")
    while not slots[0].retiring:
        pause(None)
    backend.connections.close()
    spool.remove()
    return 0


def _read_options(fd: int) -> dict[str, Any]:
    with open(fd, "rb") as file:
        file.seek(0)
        found: dict[str, Any] = json.load(file)
    return found


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m rtd.executor.run_patched")
    parser.add_argument("--runtime", type=Path, required=True, metavar="DIR")
    parser.add_argument("--lane", required=True)
    parser.add_argument("--exec-id", required=True, metavar="ID")
    parser.add_argument("--options", type=int, required=True, metavar="FD")
    parser.add_argument("--slots", type=_slots, required=True, metavar="LO:HI")
    parser.add_argument("--app", metavar="APP")
    parser.add_argument("--middleware", action="append", default=[], metavar="NAME")
    return parser


def _slots(text: str) -> tuple[int, int]:
    low, _, high = text.partition(":")
    return int(low), int(high)


if __name__ == "__main__":
    code = EXIT_CRASHED
    try:
        code = call_body(partial(run_patched, sys.argv[1:]))
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
