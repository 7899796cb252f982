"""Reads the schedule options of a task at its declaration, so that errors name their place."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, Protocol

from rtd.common.errors import PolicyError
from rtd.common.text_of import text_of
from rtd.model.lanes import TREE_LANES
from rtd.model.schedule import IF_TRUE, NO_SCHEDULE, Schedule, read_catch_up

if TYPE_CHECKING:
    from rtd.language.core.condition import Condition
    from rtd.language.core.errors import ConditionError

#: The options that make a schedule.
SCHEDULE_OPTIONS: Final = ("start_cond", "end_cond", "catch_up", "overlap", "timezone", "enabled")


class ConditionSource(Protocol):
    """Stands for a condition; see `rtd.session.core.custom_conditions.FuncCond`."""

    @property
    def condition(self) -> Condition:
        """The condition itself."""


def read_schedule(
    options: Mapping[str, Any], lane: str, where: str
) -> tuple[Schedule, dict[str, Any]]:
    """Return the schedule among the options of a declaration, and the other options.

    Raises:
        PolicyError: a condition, policy or zone that cannot be read (says which and where),
            a start condition about a running run, or an end condition about usage that cannot
            be measured in this lane.
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
        overlap=read_switch(given["overlap"], "overlap", where) if "overlap" in given else None,
        timezone=None if zone is None else read_timezone(zone, where),
        enabled=read_switch(given.get("enabled", True), "enabled", where),
    )
    return (NO_SCHEDULE if schedule == NO_SCHEDULE else schedule), rest


def _condition(
    given: str | Condition | ConditionSource | None, name: str, where: str
) -> Condition | None:
    if given is None:
        return None
    from rtd.language.core.errors import ConditionError  # lazy: many apps have none
    from rtd.language.parser import parse  # lazy: many apps have none

    try:
        source: Any = given
        return parse(getattr(source, "condition", source))
    except ConditionError as error:
        raise PolicyError(f"{where}: {name}: {_one_line(error)}") from None


def _refuse_run_leaves(condition: Condition, where: str) -> None:
    """Refuse leaves that measure a run: before the run there is nothing to measure."""
    from rtd.language.core.evaluation import Poll  # lazy: many apps have none

    for leaf in condition.leaves():
        if Poll.SAMPLE in leaf.polled:
            raise PolicyError(
                f"{where}: start_cond: `{leaf}` speaks of a running run; it belongs to end_cond"
            )


def _refuse_tree_leaves(condition: Condition, lane: str, where: str) -> None:
    """Refuse leaves that measure a process: it may be shared by several runs."""
    from rtd.language.leaves.usage import CpuAbove, CpuTimeAbove, MemoryAbove  # lazy: as above

    for leaf in condition.leaves():
        if isinstance(leaf, CpuAbove | CpuTimeAbove | MemoryAbove):
            raise PolicyError(
                f"{where}: end_cond: `{leaf}` cannot be measured in lane {lane!r}, where runs"
                " share a process; use lane 'process'"
            )


def _one_line(error: ConditionError) -> str:
    """Return the problem, the place and the suggestion, without the lines that point there."""
    hint = f"; did you mean `{error.suggestion}`?" if error.suggestion else ""
    return f"line {error.line}, column {error.column}: {error.problem}{hint}"


def read_timezone(name: Any, where: str) -> str:
    """Return an IANA name of a time zone. Raises PolicyError when there is no such zone."""
    from zoneinfo import ZoneInfo  # lazy: few tasks name a zone, and it reads Python's own settings

    try:
        ZoneInfo(name)
    except (KeyError, ValueError, TypeError, OSError):
        raise PolicyError(
            f"{where}: no time zone is named {name!r}; write an IANA name such as Europe/Helsinki"
        ) from None
    return text_of(name)


def read_switch(value: Any, name: str, where: str) -> bool:
    """Return True or False. Raises PolicyError for anything else."""
    if not isinstance(value, bool):
        raise PolicyError(f"{where}: {name}: {value!r} is neither True nor False")
    return value
