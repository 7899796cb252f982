"""The body of an executor, called in the forked child."""

import gc
import sys
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from functools import partial
from importlib import import_module
from typing import Any

from rtd.common.stdlib.originals import originals_in_place, os
from rtd.config.socket_path import CALLER_RUN
from rtd.executor.core.backend import Backend
from rtd.executor.core.executor_options import ExecutorContext, ExecutorOptions
from rtd.executor.core.required_descriptors import find_missing_descriptors
from rtd.executor.core.wait_readable import wait_readable
from rtd.executor.lanes.base_lane import BaseLane, LaneParts
from rtd.executor.output.capture import Capture, SharedCapture
from rtd.executor.output.lazy_scratch_file import LazyScratchFile
from rtd.executor.output.scratch_file import ScratchFile
from rtd.executor.output.segments import Segments
from rtd.executor.output.stdio_router import STDIO
from rtd.executor.pull_loop import PullLoop
from rtd.executor.runs.process_hooks import ProcessHooks, has_hooks
from rtd.executor.runs.run_threads import carry_run_into_threads
from rtd.model.lanes import LANES, LOG_LANE, Lane, find_lane
from rtd.model.outcome_spool import Spool
from rtd.model.output_files import scratch_path, spool_path
from rtd.process.board.slot import Slot
from rtd.process.events.executor_signals import ExecutorSignals
from rtd.process.fork.fork_guard import FORK_GUARD
from rtd.process.fork.process_end import begin_own_end, describe_end, end_process, needs_end
from rtd.process.fork.process_title import set_title
from rtd.session.app.internal_tasks import INTERNAL_TASKS
from rtd.session.context.run_context import FAULTS, find_run, report_fault
from rtd.session.context.task_redis import TASK_REDIS
from rtd.session.context.user_events import USER_EVENTS
from rtd.session.core.serving_app import ServingApp
from rtd.session.session import Session
from rtd.session.task_log.log_record import is_logged

#: Objects between two collections of the youngest; Python's own 700 is one per few runs.
_GC_THRESHOLD = 10_000
#: How long the threads and the exit functions of an executor's tasks may hold up its end.
_END_LIMIT_S = 2.0


def run_executor(
    lane_name: str,
    exec_id: str,
    slots: Sequence[Slot],
    session: Session | None,
    options: Mapping[str, Any],
) -> int:
    """Carry out runs of one lane until retired, recycled or fenced off.

    Args:
        lane_name: a lane of `rtd.model.lanes.LANES`.
        exec_id: the id of this incarnation.
        slots: on the board; as many as runs may go on at once.
        session: the app's tasks; None when there is no app.
        options: see `rtd.executor.core.executor_options.ExecutorOptions`.

    Returns:
        The exit code: 0 ended in order, 2 fenced off.
    """
    lane = find_lane(lane_name)
    set_title(f"{lane.name} executor" if lane.concurrent else f"{lane.name} idle")
    begin_own_end()
    # What a run leaves is freed by reference counts; the collector can look less often.
    gc.set_threshold(_GC_THRESHOLD, 20, 20)
    chosen = ExecutorOptions.from_dict(options)
    if lane.name == LOG_LANE or is_logged():
        from rtd.executor import task_log_writer  # lazy: many apps do not log their runs

        if lane.name == LOG_LANE:
            return task_log_writer.run_log_writer(exec_id, slots[0], chosen, session)
        task_log_writer.install_log_reader(chosen)
    context = ExecutorContext(lane, exec_id, chosen, ExecutorSignals())
    return _carry_out_runs(context, slots, session)


def _carry_out_runs(
    context: ExecutorContext, slots: Sequence[Slot], session: Session | None
) -> int:
    signals, options = context.signals, context.options

    def pause(seconds: float) -> None:
        signals.arm_wakeup()
        wait_readable((signals.wakeup_fd,), seconds)

    carry_run_into_threads()
    STDIO.install()
    spool = Spool(spool_path(options.output_dir, context.exec_id))
    backend = Backend(context, spool, pause)
    _connect_app(backend, session, options)
    if context.lane.concurrent:
        _raise_descriptor_limit(context.lane.name, len(slots), backend)
    lane_type = load_lane(context.lane)
    hooks = _new_hooks(context, slots[0], session, backend)
    own_hooks = hooks if lane_type.calls_app else None
    if own_hooks is not None:
        FAULTS.sink = backend.reports.report_fault
        own_hooks.start()  # what it changes is how runs find this process
    captures = _captures(context, len(slots))
    FORK_GUARD.before = [STDIO.prepare_fork]
    FORK_GUARD.in_child = [
        signals.reset_in_fork,
        STDIO.reset_in_fork,
        *(capture.scratch.reset_in_fork for capture in captures),
    ]
    tasks = session.tasks if session else {}
    lane = lane_type(LaneParts(context, backend, slots, captures, tasks, hooks))
    # The places of this process through which code of the app reaches its executor.
    STDIO.route = lane.route
    FAULTS.sink = lane.report_fault
    USER_EVENTS.sink = partial(_publish_event, lane)
    loop = PullLoop(lane, backend, session, options, lambda: slots[0].serving_generation)
    code = lane.run_loop(loop.run)
    lane.close()
    STDIO.leave_runs()
    if own_hooks is not None:
        FAULTS.sink = backend.reports.report_fault
        own_hooks.stop(code)
    for capture in captures:
        capture.remove()
    spool.remove()
    if needs_end():
        end_process(_END_LIMIT_S, partial(_end_late, context.exec_id, code))
    return code


def _end_late(exec_id: str, code: int, step: str) -> None:
    print(
        f"rtd: executor {exec_id} did not end within {_END_LIMIT_S:g} s because of its {step}"
        f" ({describe_end(step)}): cut short",
        file=sys.stderr,
    )
    sys.stderr.flush()
    os._exit(code)


def _raise_descriptor_limit(lane: str, runs: int, backend: Backend) -> None:
    """Do it before hooks and runs of the app find this process as it is to stay."""
    missing = find_missing_descriptors(lane, runs)
    if missing is not None:
        backend.reports.report_fault("descriptors", f"lane {lane}", missing)


def _captures(context: ExecutorContext, count: int) -> list[Capture]:
    folder = context.options.output_dir
    segments = Segments(folder, context.exec_id)
    limit = context.options.run_limit_bytes
    paths = [scratch_path(folder, context.exec_id, index) for index in range(count)]
    if not context.lane.concurrent:
        return [Capture(ScratchFile(path, limit), segments) for path in paths]
    opened: set[LazyScratchFile] = set()
    return [SharedCapture(LazyScratchFile(path, limit, opened), segments) for path in paths]


def load_lane(lane: Lane) -> type[BaseLane]:
    """Return the class that carries out the runs of a lane."""
    module, _, name = lane.strategy.partition(":")
    # An app that is there already may have patched what the module imports.
    with nullcontext() if lane.preloaded else originals_in_place():
        found: type[BaseLane] = getattr(import_module(f"rtd.executor.lanes.{module}"), name)
    return found


def _connect_app(backend: Backend, session: Session | None, options: ExecutorOptions) -> None:
    """Let this copy of the app know that it serves, and reach Redis."""
    CALLER_RUN.find = _find_run_id
    TASK_REDIS.connect = partial(_connect_redis, options.store_url)
    INTERNAL_TASKS.session = session
    if session is not None:
        session.freeze(ServingApp(_switch, report_fault))
        backend.outcomes.has_middleware = any(
            entry.has_process_outcome for entry in session.middleware
        )


def _find_run_id() -> str | None:
    run = find_run()
    return None if run is None or run.ended else run.id


def _new_hooks(
    context: ExecutorContext, slot: Slot, session: Session | None, backend: Backend
) -> ProcessHooks | None:
    """Return what calls the app's hooks around its processes; None when it has none."""
    if session is None or not has_hooks(session):
        return None

    def report(kind: str, what: str, message: str, halts: bool) -> None:
        backend.reports.report_fault(kind, what, message, halts)
        if os.getpid() != pid:  # a child of lane `fresh`, which has connected for this
            backend.connections.close()

    pid, lane = os.getpid(), context.lane.name
    return ProcessHooks(session, lane, context.exec_id, slot, context.signals, report)


def _publish_event(lane: BaseLane, run_id: str, task: str, event: bytes) -> None:
    """Publish an event of a task. Raises RuntimeError in a process that the task has forked."""
    if FORK_GUARD.is_child:
        raise RuntimeError(
            "emit: a process that a task has forked cannot publish; emit in the run's own process"
        )
    lane.publish_event(run_id, task, event)


def _connect_redis(url: str) -> Any:
    from rtd.store.connection.task_client import connect_for_tasks  # lazy: few tasks need it

    return connect_for_tasks(url)


def _switch(task: str, on: bool) -> None:
    from rtd.session.switch_task import switch_task  # lazy: few runs do it

    switch_task(task, on)


# Imported here, in the zygote, and not in each executor.
for _lane in LANES:
    if _lane.strategy and _lane.preloaded:
        load_lane(_lane)
