"""As `rtd.session.middleware.process_outcome`, for coroutines in an event loop."""

from __future__ import annotations

import asyncio
from typing import Any

from rtd.session.middleware.chain import MiddlewareRun
from rtd.session.middleware.process_outcome import call_handlers, cleared, exc_info, note_raised


async def process_outcome_async(
    run: MiddlewareRun, error: BaseException | None
) -> BaseException | None:
    """As `process_outcome`, in an event loop: plain functions are called in a thread."""
    if error is not None and run.chain.handlers:
        try:
            await asyncio.to_thread(call_handlers, run, error)
        except BaseException as raised:  # a stop
            note_raised(run, "the exception handlers", raised, error)
    for entry, instance in reversed(run.instances()):
        if not entry.has_process_outcome:
            continue
        info: tuple[Any, Any, Any] = exc_info(error)
        try:
            if entry.process_outcome_is_async:
                is_true = bool(await instance.process_outcome(run.task, *info))
            else:
                is_true = bool(await asyncio.to_thread(instance.process_outcome, run.task, *info))
        except BaseException as raised:
            note_raised(run, f"{entry.name}.process_outcome", raised, error)
            continue
        if is_true and error is not None:
            error = cleared(run, entry, error, False)
    return error
