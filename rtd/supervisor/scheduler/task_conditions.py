"""Custom conditions whose value is the latest result of a task (`TaskCond`)."""

from collections.abc import Iterator
from typing import Final

from rtd.common.msgpack_values import unpack
from rtd.language.core.view import Answer
from rtd.language.time.time_zones import NEVER
from rtd.model.app_info import CustomInfo
from rtd.model.run_record import Record, decode
from rtd.model.run_states import CHAR, State
from rtd.planner.planner import Planner
from rtd.supervisor.core.context import Core

#: Ended runs of a task among which one that succeeded is looked for.
LOOKS: Final = 100
_FAILED: Final = (State.ERROR, State.EXCEPTION, State.LOST)
#: Who ends a run because of what it does itself.
_LIMITS: Final = ("timeout", "memory limit", "cpu limit")
_HEARD: Final = {CHAR[state] for state in (State.SUCCEEDED, State.TERMINATED, *_FAILED)}


def texts_of(core: Core, task: str) -> list[tuple[str, CustomInfo]]:
    """The conditions whose value that task tells."""
    return [(text, info) for text, info in _all(core) if info.task == task]


def hears(core: Core, task: str, char: str) -> bool:
    """Whether the end of a run may say something of a condition.

    Args:
        char: of the state in which it ended, as a ring has it.
    """
    return char in _HEARD and bool(texts_of(core, task))


async def begin(core: Core, planner: Planner) -> None:
    """What all of them say by the runs that have been. Raises StoreGone."""
    for text, info in _all(core):
        planner.stands(text, Answer(False, f"task {info.task!r} has not succeeded yet"))
        for done in await core.ask(core.calls.list_done(LOOKS, task=info.task)):
            record = decode(done.record)
            if record.state is State.SUCCEEDED:
                _tell(planner, text, info, record)
                break


async def ended(core: Core, planner: Planner, task: str, run_id: str) -> None:
    """A run of such a task has ended. Its result counts from now on; if it has failed, the one
    of before does, and that is a fault. Raises StoreGone."""
    blob = await core.ask(core.calls.get(run_id))
    if blob is None:
        return
    record = decode(blob)
    halts = not core.manifest.info.silence_cond_check
    for text, info in texts_of(core, task):
        if record.state is State.SUCCEEDED:
            _tell(planner, text, info, record)
        elif _has_failed(record):
            why = f"task {task!r}: {record.end.why if record.end else record.state}"
            core.faults.note("condition", text, why, halts=halts)


def _all(core: Core) -> Iterator[tuple[str, CustomInfo]]:
    for text, info in core.manifest.info.custom.items():
        if info.task is not None:
            yield text, info


def _has_failed(record: Record) -> bool:
    """By its own doing: not because somebody stopped it, or the daemon ended."""
    if record.state is State.TERMINATED:
        return record.end is not None and record.end.by in _LIMITS
    return record.state in _FAILED


def _tell(planner: Planner, text: str, info: CustomInfo, record: Record) -> None:
    if record.end is None:
        return
    blob, until_us = record.end.result, NEVER
    value = False if blob is None else bool(unpack(blob))
    if info.cooldown_s is not None:
        until_us = round((record.end.ended_at + info.cooldown_s) * 1e6)
    fact = f"task {info.task!r} last found it {'true' if value else 'false'}"
    planner.stands(text, Answer(value, fact, until_us))
