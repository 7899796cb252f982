"""Tracebacks for the authors of an app: without frames of rtd's own code.

Those say nothing to them, and stand between the frames of their code wherever rtd calls it.
"""

from __future__ import annotations

import sys
import traceback
from collections.abc import Iterator
from types import TracebackType

from rtd.common.package_root import PACKAGE_ROOT


def format_error(error: BaseException) -> str:
    """Return the traceback of an exception and of those it is chained to, without rtd's frames.

    Raises:
        BaseException: what the text of one of these exceptions raises.
    """
    summary = traceback.TracebackException.from_exception(error)
    pending, seen = [summary], set()
    while pending:
        one = pending.pop()
        if id(one) in seen:
            continue
        seen.add(id(one))
        frames = [f for f in one.stack if not f.filename.startswith(PACKAGE_ROOT)]
        one.stack = traceback.StackSummary.from_list(frames)
        pending += [e for e in (one.__cause__, one.__context__) if e is not None]
        pending += one.exceptions or ()
    return "".join(summary.format())


def print_error(error: BaseException) -> None:
    """Print such a traceback to stderr, or the name of the exception if its text raises."""
    try:
        text = format_error(error)
    except Exception as broken:  # the class belongs to the app
        text = f"{type(error).__name__} (its __str__ raised {type(broken).__name__})\n"
    sys.stderr.write(text)


def cut_own_frames(error: BaseException) -> None:
    """Take rtd's frames out of the traceback of an exception and of those it is chained to.

    An exception of which nothing would be left, because rtd itself has raised it, keeps its own.
    """
    for one in _chain(error):
        frames = list(_frames(one.__traceback__))
        kept = [f for f in frames if not f.tb_frame.f_code.co_filename.startswith(PACKAGE_ROOT)]
        if kept and len(kept) < len(frames):
            one.__traceback__ = _link(kept)


def _chain(error: BaseException) -> Iterator[BaseException]:
    """Yield an exception and all that it is chained to or made of."""
    pending, seen = [error], set()
    while pending:
        one = pending.pop()
        if id(one) in seen:
            continue
        seen.add(id(one))
        yield one
        pending += [e for e in (one.__cause__, one.__context__) if e is not None]
        if isinstance(one, BaseExceptionGroup):
            pending += one.exceptions


def _frames(trace: TracebackType | None) -> Iterator[TracebackType]:
    while trace is not None:
        yield trace
        trace = trace.tb_next


def _link(frames: list[TracebackType]) -> TracebackType | None:
    found = None
    for one in reversed(frames):
        found = TracebackType(found, one.tb_frame, one.tb_lasti, one.tb_lineno)
    return found
