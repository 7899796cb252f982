"""As `rtd.session.middleware.process_outcome`, for coroutines in an event loop."""

from __future__ import annotations

import asyncio
from typing import Any

from rtd.session.middleware.chain import MiddlewareRun
from rtd.session.middleware.process_outcome import call_handlers, cleared, contained, exc_info


async def process_outcome_async(
    run: MiddlewareRun, error: BaseException | None
) -> BaseException | None:
    """As `process_outcome`, in an event loop: plain functions are called in a thread."""
    with contained(run, "the exception handlers", error):
        if run.chain.handlers:
            await asyncio.to_thread(call_handlers, run, error)
    for entry, instance in reversed(run.instances()):
        if not entry.has_process_outcome:
            continue
        iscleared = False
        with contained(run, f"{entry.name}.process_outcome", error):
            info: tuple[Any, Any, Any] = exc_info(error)
            if entry.process_outcome_is_async:
                returned = await instance.process_outcome(run.task, *info)
            else:
                returned = await asyncio.to_thread(instance.process_outcome, run.task, *info)
            iscleared = bool(returned) and error is not None
        error = cleared(run, entry, error, False) if iscleared else error
    return error
