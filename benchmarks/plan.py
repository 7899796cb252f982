"""What is measured, in which order: repetitions interleaved, so that noise hits all alike."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

from benchmarks import local_sections
from benchmarks.case import CaseFailed, measure
from benchmarks.results import OURS, Results
from benchmarks.systems import PEER_SECTIONS, SYSTEMS, case_for

SECTIONS = (*PEER_SECTIONS, "ls", "idle")
NAMES = (*SYSTEMS, "supervisor")


@dataclass(frozen=True)
class Settings:
    """What the command line asked for."""

    only: tuple[str, ...]
    sections: tuple[str, ...]
    repetitions: int
    quick: bool
    scale: float


@dataclass(frozen=True)
class Step:
    """One measurement of the plan."""

    section: str
    name: str
    work: Callable[[], dict[str, Any]]


def steps(settings: Settings, repetition: int) -> Iterator[Step]:
    """The measurements of one repetition; who comes first changes with the repetition."""
    turn = repetition % max(1, len(settings.only))
    names = settings.only[turn:] + settings.only[:turn]
    for section in settings.sections:
        for name in names:
            work = _work(section, name, settings, repetition)
            if work is not None:
                yield Step(section, name, work)


def _work(
    section: str, name: str, settings: Settings, repetition: int
) -> Callable[[], dict[str, Any]] | None:
    if section == "ls":
        timers = {OURS: local_sections.time_rtctl, "supervisor": local_sections.time_supervisorctl}
        times = 10 if settings.quick else local_sections.LS_TIMES
        return partial(timers[name], times) if name in timers else None
    if section == "idle":
        wanted = name == OURS and repetition == 0
        seconds = 5.0 if settings.quick else local_sections.IDLE_S
        return partial(local_sections.idle_rtd, seconds) if wanted else None
    if name not in SYSTEMS:
        return None
    case = case_for(name, section, settings.quick, settings.scale)
    return partial(measure, case) if case is not None else None


def carry_out(settings: Settings) -> Results:
    """Measure everything; a measurement that fails is noted and the others go on."""
    results = Results()
    for repetition in range(settings.repetitions):
        for step in steps(settings, repetition):
            title = f"[{repetition + 1}/{settings.repetitions}] {step.section} {step.name}"
            print(title, end=" ", flush=True, file=sys.stderr)
            try:
                figures = step.work()
            except (CaseFailed, TimeoutError, OSError) as error:
                results.failures.append(f"{step.section} {step.name}: {error}")
                print(f"failed: {error}", file=sys.stderr)
                continue
            results.add(step.section, step.name, figures)
            shown = [f"{k}={v:,.1f}" for k, v in figures.items() if isinstance(v, int | float)]
            print(" ".join(shown), file=sys.stderr)
    return results
