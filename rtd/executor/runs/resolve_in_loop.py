"""Finds the parameters of a coroutine's run without holding up its event loop."""

import asyncio
from collections.abc import Coroutine
from concurrent.futures import Future
from typing import Any

from rtd.executor.core.leased_run import LeasedRun
from rtd.executor.runs import outcome_of_call
from rtd.session.parameters.func_arg import AWAITER


async def resolve_in_loop(work: LeasedRun) -> dict[str, Any]:
    """Resolve the parameters of a run without holding up the other runs.

    Calls functions of the app in a thread, and awaits coroutine functions in the loop.
    """
    if work.resolver is None or work.resolver.is_quick:
        return outcome_of_call.resolve_parameters(work)
    loop = asyncio.get_running_loop()
    awaited: list[Future[Any]] = []

    def wait(found: Coroutine[Any, Any, Any]) -> Any:
        awaited.append(asyncio.run_coroutine_threadsafe(found, loop))
        return awaited[-1].result()

    AWAITER.set(wait)
    try:
        return await asyncio.to_thread(outcome_of_call.resolve_parameters, work)
    except asyncio.CancelledError:
        for future in awaited:
            future.cancel()
        raise
