"""The conditions of a task, read at its declaration so that mistakes name their place."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

from rtd.common.errors import PolicyError
from rtd.model.lanes import TREE_LANES
from rtd.model.schedule import IF_TRUE, NO_SCHEDULE, Schedule, read_catch_up

if TYPE_CHECKING:
    from rtd.language.core.condition import Condition
    from rtd.language.core.errors import ConditionError

#: The options that make a schedule.
SCHEDULE_OPTIONS: Final = ("start_cond", "end_cond", "catch_up", "overlap", "timezone", "enabled")


def read_schedule(
    options: Mapping[str, Any], lane: str, where: str
) -> tuple[Schedule, dict[str, Any]]:
    """The schedule among the options of a declaration, and the options that are left.

    Raises:
        PolicyError: a condition, policy or zone that cannot be read (says which and where),
            a start condition on what only a run has, or an end condition on what cannot be
            measured in this lane.
    """
    rest = {name: value for name, value in options.items() if name not in SCHEDULE_OPTIONS}
    given = {name: value for name, value in options.items() if name in SCHEDULE_OPTIONS}
    start = _condition(given.get("start_cond"), "start_cond", where)
    end = _condition(given.get("end_cond"), "end_cond", where)
    if start is not None:
        _refuse_run_leaves(start, where)
    if end is not None and lane not in TREE_LANES:
        _refuse_tree_leaves(end, lane, where)
    catch_up = given.get("catch_up", IF_TRUE)
    try:
        read_catch_up(catch_up)
    except ValueError as error:
        raise PolicyError(f"{where}: catch_up: {error}") from None
    zone = given.get("timezone")
    schedule = Schedule(
        start=None if start is None else str(start),
        end=None if end is None else str(end),
        catch_up=" ".join(catch_up.split()),
        overlap=_switch(given.get("overlap", False), "overlap", where),
        timezone=None if zone is None else read_timezone(zone, where),
        enabled=_switch(given.get("enabled", True), "enabled", where),
    )
    return (NO_SCHEDULE if schedule == NO_SCHEDULE else schedule), rest


def _condition(text: str | Condition | None, name: str, where: str) -> Condition | None:
    if text is None:
        return None
    from rtd.language.core.errors import ConditionError  # lazy: many apps have none
    from rtd.language.parser import parse  # lazy: many apps have none

    try:
        return parse(getattr(text, "condition", text))
    except ConditionError as error:
        raise PolicyError(f"{where}: {name}: {_one_line(error)}") from None


def _refuse_run_leaves(condition: Condition, where: str) -> None:
    """Before a run there is nothing of it that could be measured."""
    from rtd.language.core.evaluation import Poll  # lazy: many apps have none

    for leaf in condition.leaves():
        if Poll.SAMPLE in leaf.polled:
            raise PolicyError(
                f"{where}: start_cond: `{leaf}` speaks of a run that goes on; it belongs to"
                " end_cond"
            )


def _refuse_tree_leaves(condition: Condition, lane: str, where: str) -> None:
    """Runs that share a process cannot be measured one by one."""
    from rtd.language.leaves.usage import CpuAbove, CpuTimeAbove, MemoryAbove  # lazy: as above

    for leaf in condition.leaves():
        if isinstance(leaf, CpuAbove | CpuTimeAbove | MemoryAbove):
            raise PolicyError(
                f"{where}: end_cond: `{leaf}` cannot be measured in lane {lane!r}, where runs"
                " share a process; use lane 'process'"
            )


def _one_line(error: ConditionError) -> str:
    """The problem, its place and the suggestion, without the lines that point at it."""
    hint = f"; did you mean `{error.suggestion}`?" if error.suggestion else ""
    return f"line {error.line}, column {error.column}: {error.problem}{hint}"


def read_timezone(name: Any, where: str) -> str:
    """The IANA name, if there is such a zone. Raises PolicyError."""
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, TypeError, OSError):
        raise PolicyError(
            f"{where}: no time zone is named {name!r}; write an IANA name such as Europe/Helsinki"
        ) from None
    return str(name)


def _switch(value: Any, name: str, where: str) -> bool:
    if not isinstance(value, bool):
        raise PolicyError(f"{where}: {name}: {value!r} is neither True nor False")
    return value
