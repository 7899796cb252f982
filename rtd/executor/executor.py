"""The body of an executor, called in the forked child."""

import gc
import os
from collections.abc import Mapping, Sequence
from typing import Any

from rtd.config.config import LOG_POOL
from rtd.executor.core.backend import Backend
from rtd.executor.core.executor_context import ExecutorContext
from rtd.executor.core.executor_options import ExecutorOptions
from rtd.executor.core.wait_readable import wait_readable
from rtd.executor.lanes.fresh import FreshLane
from rtd.executor.lanes.lane import Lane
from rtd.executor.lanes.serial import SerialLane
from rtd.executor.lanes.thread import ThreadLane
from rtd.executor.output.capture import Capture, scratch_path
from rtd.executor.output.segments import Segments
from rtd.executor.output.stdio_router import STDIO
from rtd.executor.pull_loop import PullLoop
from rtd.executor.runs.command_caller import CommandCaller
from rtd.executor.runs.python_caller import PythonCaller
from rtd.executor.runs.run_in_main_thread import Caller
from rtd.model.outcome_spool import Spool
from rtd.process.board.slot import Slot
from rtd.process.events.executor_signals import ExecutorSignals
from rtd.process.fork.fork_guard import FORK_GUARD
from rtd.process.fork.process_title import set_title
from rtd.session.app.internal_tasks import INTERNAL_TASKS
from rtd.session.session import Session
from rtd.session.task_log.log_record import is_logged

#: Objects between two collections of the youngest; Python's own 700 is one per few runs.
_GC_THRESHOLD = 10_000
_CONCURRENT = ("thread", "async")


def run_executor(
    lane: str,
    exec_id: str,
    slots: Sequence[Slot],
    session: Session | None,
    options: Mapping[str, Any],
) -> int:
    """Carry out runs of one pool until retired, recycled or fenced off.

    Args:
        lane: the pool: `process`, `fresh`, `thread`, `main`, `async`, `command`, or `log`.
        exec_id: this incarnation's id.
        slots: on the board; as many as runs may go on at once.
        session: the app's tasks; None when there is no app.
        options: see `rtd.executor.core.executor_options`.

    Returns:
        The exit code: 0 ended in order, 2 fenced off.
    """
    set_title(f"{lane} idle" if lane not in _CONCURRENT else f"{lane} executor")
    FORK_GUARD.reset()
    INTERNAL_TASKS.session = session
    # What a run leaves is freed by reference counts; the collector need not look so often.
    gc.set_threshold(_GC_THRESHOLD, 20, 20)
    chosen = ExecutorOptions.from_dict(options)
    if is_logged():
        from rtd.executor import task_log_writer  # lazy: many apps do not log their runs

        if lane == LOG_POOL:
            return task_log_writer.run_log_writer(exec_id, slots[0], chosen)
        task_log_writer.install_log_reader(chosen)
    signals = ExecutorSignals()
    tools = ExecutorContext(lane, exec_id, chosen, signals)
    STDIO.install()
    spool = Spool(chosen.output_dir / f"x-{exec_id}.spool")

    def pause(seconds: float) -> None:
        signals.arm_wakeup()
        wait_readable((signals.wakeup_fd,), seconds)

    backend = Backend(tools, spool, pause)
    captures = _captures(tools, len(slots))
    strategy = _lane(tools, slots, captures, backend, session)
    code = PullLoop(strategy, backend, session, chosen, lambda: slots[0].serving_generation).run()
    strategy.close()
    for capture in captures:
        capture.remove()
    spool.remove()
    return code


def _captures(tools: ExecutorContext, count: int) -> list[Capture]:
    folder = tools.options.output_dir
    segments = Segments(folder, tools.exec_id)
    limit = tools.options.run_limit_bytes
    alone = tools.pool not in _CONCURRENT
    inner = tools.pool == "main"
    paths = [scratch_path(folder, tools.exec_id, index) for index in range(count)]
    return [Capture(path, limit, segments, redirect=alone, inner=inner) for path in paths]


def _lane(
    tools: ExecutorContext,
    slots: Sequence[Slot],
    captures: Sequence[Capture],
    backend: Backend,
    session: Session | None,
) -> Lane:
    if tools.pool == "thread":
        return ThreadLane(slots, captures, backend, tools)
    if tools.pool == "async":
        from rtd.executor.lanes.async_ import AsyncLane  # lazy: asyncio makes every fork dearer

        return AsyncLane(slots, captures, backend, tools)
    if tools.pool == "fresh":
        return FreshLane(slots[0], backend, captures[0], tools, session.tasks if session else {})
    caller: Caller = PythonCaller(tools.options.result_limit_bytes)
    if tools.pool == "command":
        caller = CommandCaller(captures[0].scratch, tools.options.result_limit_bytes)
    return SerialLane(slots[0], backend, captures[0], caller, tools)


def exit_executor(code: int) -> None:
    """End this process without running what the app registered for its own end (it was
    forked: those belong to the zygote)."""
    STDIO.flush()
    os._exit(code)
