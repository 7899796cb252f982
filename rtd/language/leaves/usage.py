"""Use of a run: `memory above 500 MB`, `cpu time above 1 hour`, `cpu above 150 % for 1 min`."""

from __future__ import annotations

from dataclasses import dataclass
from re import Match
from typing import ClassVar

from rtd.common.format_units import format_count
from rtd.language.core.durations import SECOND, format_span, parse_span
from rtd.language.core.evaluation import Evaluation, Poll
from rtd.language.core.leaf import Form, Leaf, text_part
from rtd.language.core.time_zones import NEVER
from rtd.language.core.view import Sample, View
from rtd.language.text.amounts import (
    MILLIONTH,
    format_number,
    format_size,
    parse_number,
    parse_size,
)

UNWATCHED = "no run is being watched"


@dataclass(frozen=True, slots=True, repr=False)
class MemoryAbove(Leaf):
    """The whole process tree of the run has used more memory than this (peak RSS)."""

    size_bytes: int
    polled: ClassVar[frozenset[Poll]] = frozenset({Poll.SAMPLE})

    def evaluate(self, view: View) -> Evaluation:
        return view.sample is not None and view.sample.memory_bytes > self.size_bytes, NEVER

    def fact(self, view: View) -> str:
        if view.sample is None:
            return UNWATCHED
        return f"the run has used up to {format_count(view.sample.memory_bytes, 'byte')}"

    def __str__(self) -> str:
        return f"memory above {format_size(self.size_bytes)}"


@dataclass(frozen=True, slots=True, repr=False)
class CpuTimeAbove(Leaf):
    """The run has used more CPU time than this."""

    span_us: int
    polled: ClassVar[frozenset[Poll]] = frozenset({Poll.SAMPLE})

    def evaluate(self, view: View) -> Evaluation:
        sample = view.sample
        return sample is not None and round(sample.cpu_s * SECOND) > self.span_us, NEVER

    def fact(self, view: View) -> str:
        if view.sample is None:
            return UNWATCHED
        return f"the run has used {view.sample.cpu_s:.3f} s of CPU time"

    def __str__(self) -> str:
        return f"cpu time above {format_span(self.span_us)}"


@dataclass(frozen=True, slots=True, repr=False)
class CpuAbove(Leaf):
    """The run has used more CPU than this, without a break, for at least the span.

    Only measurements count, up to the latest one. 100 % is one processor.
    """

    percent_millionths: int
    span_us: int
    polled: ClassVar[frozenset[Poll]] = frozenset({Poll.SAMPLE})

    def evaluate(self, view: View) -> Evaluation:
        return view.sample is not None and self._streak_us(view.sample) >= self.span_us, NEVER

    def _streak_us(self, sample: Sample) -> int:
        """For how long the use has been above, up to the latest sample."""
        entries = sample.cpu_percents
        i = len(entries) - 1
        while i > 0 and entries[i][1] * MILLIONTH > self.percent_millionths:
            i -= 1
        return round((entries[-1][0] - entries[i][0]) * SECOND) if i >= 0 else 0

    def fact(self, view: View) -> str:
        if view.sample is None:
            return UNWATCHED
        if len(view.sample.cpu_percents) < 2:
            return "the use of the CPU has not been measured yet"
        latest = view.sample.cpu_percents[-1][1]
        streak = self._streak_us(view.sample) / SECOND
        return f"the run uses {latest:.1f} % of a processor, and has been above for {streak:.1f} s"

    def __str__(self) -> str:
        percent = format_number(self.percent_millionths)
        return f"cpu above {percent} % for {format_span(self.span_us)}"


def read_memory(match: Match[str]) -> MemoryAbove:
    """Make the leaf of its text."""
    return MemoryAbove(parse_size(text_part(match, 1)))


def read_cpu_time(match: Match[str]) -> CpuTimeAbove:
    """Make the leaf of its text."""
    return CpuTimeAbove(parse_span(text_part(match, 1)))


def read_cpu(match: Match[str]) -> CpuAbove:
    """Make the leaf of its text."""
    return CpuAbove(parse_number(text_part(match, 1), True), parse_span(text_part(match, 2)))


MemoryAbove.forms = (
    Form(("memory",), r"memory above (.+)", read_memory, ("memory above 500 MB",)),
)
CpuTimeAbove.forms = (
    Form(("cpu",), r"cpu time above (.+)", read_cpu_time, ("cpu time above 1 hour",)),
)
CpuAbove.forms = (
    Form(("cpu",), r"cpu above (.+?) for (.+)", read_cpu, ("cpu above 150 % for 10 minutes",)),
)
