"""Conditions about the scheduler, a run's resources, the host and parameters, as objects."""

from __future__ import annotations

from datetime import timedelta

from rtd.language.core.condition import Condition, all_of
from rtd.language.core.durations import span_us
from rtd.language.core.errors import ConditionError, parse_text
from rtd.language.leaves.host import HostLoadAbove, HostMemoryAbove
from rtd.language.leaves.no_output import NoOutputPast, RunningPast
from rtd.language.leaves.param import Env, Param
from rtd.language.leaves.scheduler import SchedulerCycles, SchedulerUptime
from rtd.language.leaves.usage import CpuAbove, CpuTimeAbove, MemoryAbove
from rtd.language.text.amounts import millionths, parse_size

Span = str | timedelta
MOST_CYCLES = 10**15 - 1
BYTES_LIMIT = 10**15


def scheduler_started(span: Span) -> SchedulerUptime:
    """The scheduler started within the span before now."""
    return SchedulerUptime(span_us(span), False)


def scheduler_run_over(span: Span) -> SchedulerUptime:
    """The scheduler started longer ago than the span."""
    return SchedulerUptime(span_us(span), True)


def scheduler_cycles(
    exactly: int | None = None, *, more_than: int | None = None, less_than: int | None = None
) -> Condition:
    """The scheduler has done so many cycles; give one number or a range."""
    wanted = (("", exactly), ("more than", more_than), ("less than", less_than))
    parts = [SchedulerCycles(relation, count) for relation, count in wanted if count is not None]
    counts = [part.count for part in parts]
    if not counts or not all(type(n) is int and 0 <= n <= MOST_CYCLES for n in counts):
        raise ConditionError("how many cycles? give a number from 0 up")
    return all_of(parts)


def param_exists(name: str) -> Param:
    """The session has a parameter of this name."""
    return Param(_named(name))


def param_is(name: str, value: str) -> Param:
    """The session's parameter, as `str()` shows it, is this."""
    return Param(_named(name), _value(value))


def env_is(name: str, value: str) -> Env:
    """The environment variable has this value."""
    return Env(_named(name), _value(value))


def _named(name: str) -> str:
    if not isinstance(name, str):
        raise ConditionError(f"a name is a text, not {name!r}")
    if not name:
        raise ConditionError("a name cannot be empty")
    return name


def _value(value: str) -> str:
    if not isinstance(value, str):
        raise ConditionError(f"a value is compared as a text: '{value}', not {value!r}")
    return value


def running_past(span: Span) -> RunningPast:
    """The run began longer ago than the span."""
    return RunningPast(span_us(span))


def no_output_past(span: Span) -> NoOutputPast:
    """The run has written nothing for longer than the span."""
    return NoOutputPast(span_us(span))


def memory_above(size: str | int) -> MemoryAbove:
    """The run's whole tree has used more than `500 MB`, or so many bytes."""
    if isinstance(size, str):
        return MemoryAbove(parse_text(parse_size, size))
    if type(size) is not int or not 0 <= size < BYTES_LIMIT:
        raise ConditionError(f"a size is a text or a number of bytes from 0 up, not {size!r}")
    return MemoryAbove(size)


def cpu_time_above(span: Span) -> CpuTimeAbove:
    """The run has used more CPU time than the span."""
    return CpuTimeAbove(span_us(span))


def cpu_above(percent: float, span: Span) -> CpuAbove:
    """The run has used more than this of a processor for the span, without a break."""
    return CpuAbove(millionths(percent), span_us(span))


def host_memory_above(percent: float) -> HostMemoryAbove:
    """More than this share of the host's memory is in use."""
    return HostMemoryAbove(millionths(percent))


def host_load_above(load: float) -> HostLoadAbove:
    """The host's load is more than this."""
    return HostLoadAbove(millionths(load))
