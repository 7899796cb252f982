"""Custom conditions whose value is the latest result of a task (`TaskCond`)."""

from collections.abc import Iterator
from typing import Final

from rtd.conditions import Answer
from rtd.conditions.zones import NEVER
from rtd.model.appinfo import CustomInfo
from rtd.model.run import Record, decode
from rtd.model.states import State
from rtd.model.values import unpack
from rtd.supervisor.core import Core
from rtd.supervisor.schedule import Planner

#: Ended runs of a task among which one that succeeded is looked for.
LOOKS: Final = 100


def texts_of(core: Core, task: str) -> list[tuple[str, CustomInfo]]:
    """The conditions whose value that task tells."""
    return [(text, info) for text, info in _all(core) if info.task == task]


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
    """A run of such a task has succeeded: its result counts from now on. Raises StoreGone."""
    blob = await core.ask(core.calls.get(run_id))
    if blob is not None:
        for text, info in texts_of(core, task):
            _tell(planner, text, info, decode(blob))


def _all(core: Core) -> Iterator[tuple[str, CustomInfo]]:
    for text, info in core.manifest.info.custom.items():
        if info.task is not None:
            yield text, info


def _tell(planner: Planner, text: str, info: CustomInfo, record: Record) -> None:
    if record.end is None:
        return
    blob, until_us = record.end.result, NEVER
    value = False if blob is None else bool(unpack(blob))
    if info.cooldown_s is not None:
        until_us = round((record.end.ended_at + info.cooldown_s) * 1e6)
    fact = f"task {info.task!r} last found it {'true' if value else 'false'}"
    planner.stands(text, Answer(value, fact, until_us))
