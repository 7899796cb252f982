"""Restores the run history of a planner from Redis, and the notifications that continue it."""

from collections.abc import Callable, Iterator, Sequence
from typing import Final

from rtd.language.core.run_history import FAIL, INACTION, RUN, SUCCESS, TERMINATE
from rtd.model.run_record import RunRecord
from rtd.model.run_states import STATE_CHAR, TERMINAL
from rtd.model.task_log_entry import LogRow
from rtd.planner.occurrence import Occurrence
from rtd.planner.planner import Planner
from rtd.store.commands.schedule_records import ActiveRun, OccurrenceRecord, SchedulerState
from rtd.store.commands.stored_records import readable_record
from rtd.supervisor.core.context import SupervisorContext
from rtd.supervisor.core.log import log
from rtd.supervisor.core.run_waiters import chunks

#: Runs of a task that are read where a condition asks for more than the latest events.
REREAD: Final = 1000

#: The action that conditions know for the character of a state.
ACTION_OF_CHAR: Final = {
    "s": SUCCESS, "e": FAIL, "x": FAIL, "l": FAIL, "t": TERMINATE, "c": INACTION, "r": RUN,
}  # fmt: skip


async def restore_history(
    context: SupervisorContext, planner: Planner, state: SchedulerState
) -> None:
    """Restore the latest events, the active runs and the catch-ups of a planner's tasks.

    If the app restores statuses from its task log, events before the import come from the log,
    not from Redis. Used-up due moments always come from Redis.
    """
    past, watched = planner.history, planner.index.watched_tasks
    info = context.manifest.info
    since_us = 0 if info.past is None else round(info.past_at * 1e6)
    if info.past is not None:
        await _read_log(context, planner)
    past.begin_tasks = planner.index.begin_tasks
    active = [one for one in await _still_active(context, state.active_runs) if one.task in watched]
    begun = await _begun(context, [one for one in active if one.task in past.begin_tasks])
    waiting = {one.task for one in active if one.task in past.begin_tasks and one.id not in begun}
    _read_last(planner, state, since_us, waiting)
    for one in active:
        past.record_start(one.task, one.id, one.start_us)
        if one.id in begun:
            past.record_begin(one.task, one.id, one.start_us)
    for task in past.retained_tasks:
        for done in await context.execute(context.commands.list_done(REREAD, task=task)):
            for action, at_us in events_of(readable_record(done.id, done.record)):
                if at_us >= since_us:
                    past.record_event(task, action, at_us)
    await _restore_catch_ups(context, planner, state.catch_ups)


async def _begun(context: SupervisorContext, active: Sequence[ActiveRun]) -> set[str]:
    """Return the ids of the runs that have begun: an executor has them, or had them before."""
    if not active:
        return set()
    leased = {run.id for run in await context.execute(context.commands.list_leased())}
    found = {one.id for one in active if one.id in leased}
    for chunk in chunks([one.id for one in active if one.id not in leased]):
        records, _ = await _read(context, chunk)
        found |= {one.spec.id for one in records if one is not None and one.attempts}
    return found


def _read_last(planner: Planner, state: SchedulerState, since_us: int, waiting: set[str]) -> None:
    """Restore the latest events and the used-up due moments that Redis has.

    Args:
        waiting: tasks whose latest run may not have begun.
    """
    for char, times in state.last.items():
        for task, at_us in times.items():
            if task not in planner.index.watched_tasks or char == "d":
                continue
            if char == "u" or (char == "r" and task in planner.history.begin_tasks):
                planner.history.use_up(task, at_us)
            if char == "r":
                planner.history.record_stored_start(task, at_us)
            happened = char != "u" and (char != "r" or task not in waiting)
            if happened and at_us >= since_us:
                planner.history.record_event(task, ACTION_OF_CHAR[char], at_us)


async def _read_log(context: SupervisorContext, planner: Planner) -> None:
    """Restore events from the task log: the app sends those of a file; those in Redis are read."""
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
    """Add the catch-ups to their tasks; drop those of tasks that no node has any more."""
    for due in sorted(catch_ups):
        if due.task in planner.tasks:
            planner.tasks[due.task].add_catch_up(due.due_us, due.note)
    unknown = [due for due in catch_ups if due.task not in planner.tasks]
    if unknown:  # tasks of other nodes, or of no app any more
        others = set(await context.execute(context.commands.merged_tasks("watched")))
        unknown = [due for due in unknown if due.task not in others]
    for start in range(0, len(unknown), 1000):
        await context.execute(context.commands.drop_catch_ups(unknown[start : start + 1000]))


async def _still_active(context: SupervisorContext, active: Sequence[ActiveRun]) -> list[ActiveRun]:
    """Return the runs that have not ended; remove the others from the active runs. They ended
    while their task was not watched, or their records cannot be read."""
    going: list[ActiveRun] = []
    unreadable: list[str] = []
    for start in range(0, len(active), 1000):
        chunk = active[start : start + 1000]
        records, bad = await _read(context, [one.id for one in chunk])
        leased = await _leased(context, bad)
        alive = [
            one
            for one, record in zip(chunk, records, strict=True)
            if one.id in leased or (record is not None and record.state not in TERMINAL)
        ]
        going += alive
        unreadable += [run_id for run_id in bad if run_id not in leased]
        ended = {one.id for one in chunk} - {one.id for one in alive}
        if ended:
            await context.execute(context.commands.drop_active_runs(ended))
    if unreadable:
        count, first = len(unreadable), unreadable[0]
        text = "%d of the active runs (%s) count as over: their records in Redis cannot be read"
        log.warning(text, count, first if count == 1 else f"{first}, ...")
    return going


async def _read(
    context: SupervisorContext, ids: Sequence[str]
) -> tuple[list[RunRecord | None], list[str]]:
    """Return the records of these runs, and the ids of those whose records cannot be read."""
    blobs = await context.execute(context.commands.get_records(ids))
    records = [readable_record(run_id, blob) for run_id, blob in zip(ids, blobs, strict=True)]
    found = zip(ids, blobs, records, strict=True)
    return records, [run_id for run_id, blob, one in found if blob is not None and one is None]


async def _leased(context: SupervisorContext, ids: Sequence[str]) -> set[str]:
    """Return those of these runs that an executor has: it writes their records when they end."""
    if not ids:
        return set()
    return {run.id for run in await context.execute(context.commands.list_leased())} & set(ids)


async def reconcile_runs(
    context: SupervisorContext,
    planner: Planner,
    taken: Sequence[Occurrence],
    is_in_flight: Callable[[Occurrence], bool],
) -> None:
    """Record the ends of runs that a planner took over. Raises StoreGone.

    Args:
        is_in_flight: whether Redis may not have the run of an occurrence yet.
    """
    for chunk in chunks(taken):
        records, bad = await _read(context, [one.run_id for one in chunk])
        leased = await _leased(context, bad)
        for one, record in zip(chunk, records, strict=True):
            if one.run_id not in planner.history.active_runs(one.task):
                continue
            if record is None and not (is_in_flight(one) or one.run_id in leased):
                planner.events.vacate(one.task, one.run_id)
            elif record is not None and record.end is not None:
                at_us = round(record.end.ended_at * 1e6)
                planner.events.record_end(
                    one.task, ACTION_OF_CHAR[STATE_CHAR[record.state]], one.run_id, at_us
                )


def events_of(record: RunRecord | None) -> Iterator[tuple[str, int]]:
    """Yield the events of an ended run; none if its record cannot be read."""
    if record is None:
        return
    if record.attempts:
        yield RUN, round(record.attempts[0].started_at * 1e6)
    if record.end is not None:
        yield ACTION_OF_CHAR[STATE_CHAR[record.state]], round(record.end.ended_at * 1e6)
