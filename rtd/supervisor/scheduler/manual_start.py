"""Starts by hand of tasks that have a schedule, and the checks on their names."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from rtd.common.errors import WrongState
from rtd.supervisor.core.context import SupervisorContext
from rtd.supervisor.scheduler.scheduler import TaskScheduler


def check_startable(context: SupervisorContext, names: Iterable[str]) -> None:
    """Check that these tasks start by themselves, so that they can be enabled and disabled.

    Raises:
        UnknownTask: a task does not exist.
        WrongState: a task has no condition, or lacks parameters.
    """
    for name in names:
        info = context.manifest.find(name)
        if info.schedule.start is None and not info.occasions:
            if any(local.task == name for local in context.manifest.info.local_tasks):
                raise WrongState(
                    f"task {name!r} is a local task: a run of it goes on as long as the app is"
                    " served; to end that, take its start_local_task out and `rtctl reload`"
                )
            raise WrongState(f"task {name!r} has no start condition; it runs when submitted")
        if info.incomplete_reason is not None:
            raise WrongState(f"task {name!r}: {info.incomplete_reason}")


@contextmanager
def about_to_start(
    context: SupervisorContext, scheduler: TaskScheduler, name: str, run_id: str
) -> Iterator[None]:
    """Hold a task back while the caller submits a run of it.

    Where runs may not overlap, neither the schedule nor another caller starts one meanwhile.

    Raises:
        UnknownTask: the task does not exist.
        WrongState: a run of it is active.
    """
    info, planner = context.manifest.find(name), scheduler.planner
    if planner is None or name not in planner.tasks:
        yield
        return
    active = planner.history.active_runs(name)
    if active and not info.schedule.overlap:
        raise WrongState(
            f"task {name!r} has a run already ({next(iter(active))});"
            f" `rtctl submit {name}` queues another one, which waits for it"
        )
    now_us = scheduler.now_us()
    planner.events.occupy(name, run_id, now_us)
    try:
        yield
    except BaseException:
        planner.events.vacate(name, run_id)
        scheduler.advance_soon()
        raise
    # The notification of its start, and that of its end, may have come before.
    if run_id in planner.history.active_runs(name):
        planner.events.record_start(name, run_id, now_us)
        scheduler.advance_soon()
