"""Conditions about the load of the host: `host memory above 90 %`, `host load above 4`."""

from __future__ import annotations

from dataclasses import dataclass
from re import Match
from typing import ClassVar

from rtd.language.core.evaluation import Evaluation, Poll
from rtd.language.core.leaf import Form, Leaf, text_part
from rtd.language.core.time_zones import NEVER
from rtd.language.core.view import View
from rtd.language.text.amounts import MILLIONTH, format_number, parse_number

UNMEASURED = "the host has not been measured"


@dataclass(frozen=True, slots=True, repr=False)
class HostMemoryAbove(Leaf):
    """More than this share of the host's memory is in use."""

    percent_millionths: int
    polled: ClassVar[frozenset[Poll]] = frozenset({Poll.HOST})

    def evaluate(self, view: View) -> Evaluation:
        host = view.world.host
        if host is None:
            return False, NEVER
        return host.memory_percent * MILLIONTH > self.percent_millionths, NEVER

    def fact(self, view: View) -> str:
        host = view.world.host
        return f"{host.memory_percent:.1f} % of the memory is in use" if host else UNMEASURED

    def __str__(self) -> str:
        return f"host memory above {format_number(self.percent_millionths)} %"


@dataclass(frozen=True, slots=True, repr=False)
class HostLoadAbove(Leaf):
    """The load of the host, its mean over one minute, is more than this."""

    load_millionths: int
    polled: ClassVar[frozenset[Poll]] = frozenset({Poll.HOST})

    def evaluate(self, view: View) -> Evaluation:
        host = view.world.host
        return host is not None and host.load * MILLIONTH > self.load_millionths, NEVER

    def fact(self, view: View) -> str:
        host = view.world.host
        return f"the load is {host.load:.2f}" if host else UNMEASURED

    def __str__(self) -> str:
        return f"host load above {format_number(self.load_millionths)}"


def read_memory(match: Match[str]) -> HostMemoryAbove:
    """Make the leaf of its text."""
    return HostMemoryAbove(parse_number(text_part(match, 1), True))


def read_load(match: Match[str]) -> HostLoadAbove:
    """Make the leaf of its text."""
    return HostLoadAbove(parse_number(text_part(match, 1), False))


HostMemoryAbove.forms = (
    Form(("host",), r"host memory above (.+)", read_memory, ("host memory above 90 %",)),
)
HostLoadAbove.forms = (Form(("host",), r"host load above (.+)", read_load, ("host load above 4",)),)
