"""What a planner starts from: all that Redis knows of the runs of its tasks."""

from collections.abc import Callable, Iterator, Sequence
from typing import Final

from rtd.language.core.run_history import FAIL, INACTION, RUN, SUCCESS, TERMINATE
from rtd.model.run_record import RunRecord, decode_record
from rtd.model.run_states import STATE_CHAR, TERMINAL
from rtd.model.task_log_entry import LogRow
from rtd.planner.occurrence import Occurrence
from rtd.planner.planner import Planner
from rtd.store.commands.schedule_records import ActiveRun, OccurrenceRecord, SchedulerState
from rtd.supervisor.core.context import SupervisorContext
from rtd.supervisor.core.run_waiters import chunks

#: Runs of a task that are read again where a condition asks for more than the latest ones.
REREAD: Final = 1000

#: What conditions call the states.
ACTION_OF_CHAR: Final = {
    "s": SUCCESS, "e": FAIL, "x": FAIL, "l": FAIL, "t": TERMINATE, "c": INACTION, "r": RUN,
}  # fmt: skip


async def watch_tasks(context: SupervisorContext, tasks: set[str]) -> None:
    """Let the runs of exactly these tasks ring."""
    for chunk in chunks(list(tasks)):
        await context.execute(context.commands.watch_tasks(chunk))
    others = set(await context.execute(context.commands.watched_tasks())) - tasks
    for chunk in chunks(list(others)):
        await context.execute(context.commands.unwatch_tasks(chunk))


async def watch_begins(context: SupervisorContext, tasks: set[str]) -> None:
    """Let it be told when an executor has a run of exactly these tasks."""
    for chunk in chunks(list(tasks)):
        await context.execute(context.commands.watch_begins(chunk))
    for chunk in chunks(
        list(set(await context.execute(context.commands.begin_watched_tasks())) - tasks)
    ):
        await context.execute(context.commands.unwatch_begins(chunk))


async def restore_history(
    context: SupervisorContext, planner: Planner, kept: SchedulerState
) -> None:
    """Restore the latest events, the active runs and the catch-ups of a planner's tasks.

    What they did before the app was imported comes from the task log where the app wants that,
    not from what Redis knows of their runs; used-up due moments are never in a log.
    """
    past, watched = planner.history, planner.index.watched_tasks
    info = context.manifest.info
    since_us = 0 if info.past is None else round(info.past_at * 1e6)
    if info.past is not None:
        await _read_log(context, planner)
    past.begin_tasks = planner.index.begin_tasks
    flying = [one for one in await _still_active(context, kept.active_runs) if one.task in watched]
    begun = await _begun(context, [one for one in flying if one.task in past.begin_tasks])
    waiting = {one.task for one in flying if one.task in past.begin_tasks and one.id not in begun}
    _read_last(planner, kept, since_us, waiting)
    for one in flying:
        past.record_start(one.task, one.id, one.start_us)
        if one.id in begun:
            past.record_begin(one.task, one.id, one.start_us)
    for task in past.retained_tasks:
        for done in await context.execute(context.commands.list_done(REREAD, task=task)):
            for action, at_us in events_of(decode_record(done.record)):
                if at_us >= since_us:
                    past.record_event(task, action, at_us)
    await _restore_catch_ups(context, planner, kept.catch_ups)


async def _begun(context: SupervisorContext, flying: Sequence[ActiveRun]) -> set[str]:
    """Those of these runs that have begun: an executor has them, or had them before."""
    if not flying:
        return set()
    leased = {run.id for run in await context.execute(context.commands.list_running())}
    found = {one.id for one in flying if one.id in leased}
    for chunk in chunks([one.id for one in flying if one.id not in leased]):
        blobs = await context.execute(context.commands.get_records(chunk))
        pairs = zip(chunk, blobs, strict=True)
        found |= {
            run_id for run_id, blob in pairs if blob is not None and decode_record(blob).attempts
        }
    return found


def _read_last(planner: Planner, kept: SchedulerState, since_us: int, waiting: set[str]) -> None:
    """The latest events that Redis knows of, and the due moments that are used up.

    Args:
        waiting: tasks whose latest run may not have begun.
    """
    for char, times in kept.last.items():
        for task, at_us in times.items():
            if task not in planner.index.watched_tasks:
                continue
            if char == "u" or (char == "r" and task in planner.history.begin_tasks):
                planner.history.use_up(task, at_us)
            happened = char != "u" and (char != "r" or task not in waiting)
            if happened and at_us >= since_us:
                planner.history.record_event(task, ACTION_OF_CHAR[char], at_us)


async def _read_log(context: SupervisorContext, planner: Planner) -> None:
    """What the log tells: of one in a file the app has said it, one in Redis is read here."""
    info = context.manifest.info
    for task, action, at in info.past or ():
        if task in planner.index.watched_tasks and action in ACTION_OF_CHAR.values():
            planner.history.record_event(task, action, round(at * 1e6))
    offset = 0
    while info.log in ("redis", "memory"):
        command = context.commands.log_latest(context.config.node, info.log, offset, REREAD)  # type: ignore[arg-type]
        blobs = await context.execute(command)
        for row in map(LogRow.unpack, blobs):
            if row.task_name in planner.index.watched_tasks:
                planner.history.record_event(row.task_name, row.action, round(row.created * 1e6))
        offset += REREAD
        if len(blobs) < REREAD:
            break


async def _restore_catch_ups(
    context: SupervisorContext, planner: Planner, catch_ups: Sequence[OccurrenceRecord]
) -> None:
    """Add the catch-ups to their tasks; drop those of tasks that are not there any more."""
    for due in sorted(catch_ups):
        if due.task in planner.tasks:
            planner.tasks[due.task].add_catch_up(due.due_us, due.note)
    gone = [due for due in catch_ups if due.task not in planner.tasks]
    for start in range(0, len(gone), 1000):
        await context.execute(context.commands.drop_catch_ups(gone[start : start + 1000]))


async def _still_active(context: SupervisorContext, flying: Sequence[ActiveRun]) -> list[ActiveRun]:
    """Those that have not ended; the others (their task was not watched when they did)
    are forgotten."""
    going: list[ActiveRun] = []
    for start in range(0, len(flying), 1000):
        chunk = flying[start : start + 1000]
        blobs = await context.execute(context.commands.get_records([one.id for one in chunk]))
        alive = [
            one
            for one, blob in zip(chunk, blobs, strict=True)
            if blob is not None and decode_record(blob).state not in TERMINAL
        ]
        going += alive
        gone = {one.id for one in chunk} - {one.id for one in alive}
        if gone:
            await context.execute(context.commands.drop_active_runs(gone))
    return going


async def reconcile_runs(
    context: SupervisorContext,
    planner: Planner,
    taken: Sequence[Occurrence],
    is_on_its_way: Callable[[Occurrence], bool],
) -> None:
    """Tell a planner which of the runs that it took over are over. Raises StoreGone.

    Args:
        is_on_its_way: whether Redis may not have one yet.
    """
    for chunk in chunks(taken):
        blobs = await context.execute(context.commands.get_records([one.run_id for one in chunk]))
        for one, blob in zip(chunk, blobs, strict=True):
            record = None if blob is None else decode_record(blob)
            if one.run_id not in planner.history.active_runs(one.task):
                continue
            if record is None and not is_on_its_way(one):
                planner.events.vacate(one.task, one.run_id)
            elif record is not None and record.end is not None:
                at_us = round(record.end.ended_at * 1e6)
                planner.events.record_end(
                    one.task, ACTION_OF_CHAR[STATE_CHAR[record.state]], one.run_id, at_us
                )


def events_of(record: RunRecord) -> Iterator[tuple[str, int]]:
    """The events that an ended run has left behind."""
    if record.attempts:
        yield RUN, round(record.attempts[0].started_at * 1e6)
    if record.end is not None:
        yield ACTION_OF_CHAR[STATE_CHAR[record.state]], round(record.end.ended_at * 1e6)
