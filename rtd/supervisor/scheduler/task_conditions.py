"""Custom conditions whose value is the latest result of a task (`TaskCond`)."""

from collections.abc import Iterator
from typing import Final

from rtd.language.core.time_zones import NEVER
from rtd.language.core.view import Answer
from rtd.model.app_info import CustomConditionInfo
from rtd.model.run_record import RunRecord
from rtd.model.run_states import STATE_CHAR, RunState
from rtd.planner.planner import Planner
from rtd.store.commands.stored_records import readable_record, readable_value
from rtd.supervisor.core.context import SupervisorContext

#: How many ended runs of a task are searched for one that succeeded.
MAX_SCANNED: Final = 100
_FAILED: Final = (RunState.ERROR, RunState.EXCEPTION, RunState.LOST)
#: `by` of a run that was ended for what it did itself.
_LIMITS: Final = ("timeout", "memory limit", "cpu limit")
_RELEVANT: Final = {
    STATE_CHAR[state] for state in (RunState.SUCCEEDED, RunState.TERMINATED, *_FAILED)
}


def conditions_of(context: SupervisorContext, task: str) -> list[tuple[str, CustomConditionInfo]]:
    """Return the conditions whose value the results of that task give."""
    return [(text, info) for text, info in _all(context) if info.task == task]


def is_relevant(context: SupervisorContext, task: str, char: str) -> bool:
    """Return whether the end of a run may change the value of a condition.

    Args:
        char: of the state in which the run ended, as a notification has it.
    """
    return char in _RELEVANT and bool(conditions_of(context, task))


async def restore_values(context: SupervisorContext, planner: Planner) -> None:
    """Set the values of all of them from the runs that have ended. Raises StoreGone."""
    for text, info in _all(context):
        planner.events.set_task_value(
            text, Answer(False, f"task {info.task!r} has not succeeded yet")
        )
        for done in await context.execute(context.commands.list_done(MAX_SCANNED, task=info.task)):
            record = readable_record(done.id, done.record)
            if record is not None and record.state is RunState.SUCCEEDED:
                _set_value(planner, text, info, record)
                break


async def record_result(
    context: SupervisorContext, planner: Planner, task: str, run_id: str
) -> None:
    """Set the values that the result of an ended run gives. If the run has failed, that is a
    fault, and the earlier value stays. Raises StoreGone."""
    blob = await context.execute(context.commands.get_record(run_id))
    record = readable_record(run_id, blob)
    if record is None:
        return
    halts = not context.manifest.info.silence_cond_check
    for text, info in conditions_of(context, task):
        if record.state is RunState.SUCCEEDED:
            _set_value(planner, text, info, record)
        elif _has_failed(record):
            why = f"task {task!r}: {record.end.why if record.end else record.state}"
            context.faults.record("condition", text, why, halts=halts)


def _all(context: SupervisorContext) -> Iterator[tuple[str, CustomConditionInfo]]:
    for text, info in context.manifest.info.custom.items():
        if info.task is not None:
            yield text, info


def _has_failed(record: RunRecord) -> bool:
    """Return whether a run failed by itself: not by a stop, nor by the end of the daemon."""
    if record.state is RunState.TERMINATED:
        return record.end is not None and record.end.by in _LIMITS
    return record.state in _FAILED


def _set_value(planner: Planner, text: str, info: CustomConditionInfo, record: RunRecord) -> None:
    if record.end is None:
        return
    blob, until_us = record.end.result, NEVER
    value = False if blob is None else bool(readable_value(blob))
    if info.cooldown_s is not None:
        until_us = round((record.end.ended_at + info.cooldown_s) * 1e6)
    fact = f"task {info.task!r} last found it {'true' if value else 'false'}"
    planner.events.set_task_value(text, Answer(value, fact, until_us))
