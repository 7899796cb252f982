"""The measurements and their order: repetitions interleave, so that noise hits all alike."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

from benchmarks import local_sections, middleware, output
from benchmarks.case import Case, CaseFailed, measure
from benchmarks.results import OURS, Results
from benchmarks.schedule import section as schedule
from benchmarks.systems import PEER_SECTIONS, SYSTEMS, WAITING, case_for
from benchmarks.web import section as web

SECTIONS = (*PEER_SECTIONS, "waiting", "apply", "ls", "output", "middleware", "idle", "schedule")
NAMES = (*SYSTEMS, "supervisor", *schedule.PEERS)


@dataclass(frozen=True)
class Settings:
    """The request of the command line."""

    only: tuple[str, ...]
    sections: tuple[str, ...]
    repetitions: int
    quick: bool
    scale: float


Figures = dict[str, dict[str, Any]]
"""System -> its figures."""


@dataclass(frozen=True)
class Step:
    """One measurement of the plan."""

    section: str
    title: str
    work: Callable[[], Figures]


def steps(settings: Settings, repetition: int) -> Iterator[Step]:
    """Return the measurements of one repetition; the first system changes with the repetition."""
    turn = repetition % max(1, len(settings.only))
    names = settings.only[turn:] + settings.only[:turn]
    for section in settings.sections:
        if section == "waiting":
            yield from _waiting(settings, repetition)
        elif section == "apply":
            yield from _apply(settings)
        elif section == "ls":
            yield from _status_commands(settings)
        elif section == "output":
            yield from _output(settings)
        elif section == "middleware":
            yield from _middleware(settings)
        elif section == "idle":
            yield from _idle(settings, repetition)
        elif section == "schedule":
            yield from _schedule(names, settings, repetition)
        else:
            yield from _queues(section, names, settings)


def _waiting(settings: Settings, repetition: int) -> Iterator[Step]:
    """Plan `waiting` once: most of its time is the waiting, which is the same for all."""
    for name, kind in WAITING:
        case = case_for(name, "waiting", settings.quick, settings.scale, kind)
        if name in settings.only and repetition == 0 and case is not None:
            yield Step("waiting", f"{name} {kind}", partial(_one_of_kind, case))


def _one_of_kind(case: Case) -> Figures:
    """Return the figures of one kind, which is in their names."""
    measured = measure(case)
    return {case.system.name: {f"{case.pool}_{name}": value for name, value in measured.items()}}


def _apply(settings: Settings) -> Iterator[Step]:
    names = tuple(name for name in (OURS, *web.PEERS) if name in settings.only)
    if names:
        count = int(web.REQUESTS * settings.scale / (10 if settings.quick else 1))
        work = partial(web.apply_in_requests, names, count)
        yield Step("apply", "+".join(names), work)


def _status_commands(settings: Settings) -> Iterator[Step]:
    names = tuple(name for name in (OURS, "supervisor") if name in settings.only)
    times = 10 if settings.quick else local_sections.LS_TIMES
    if names:
        yield Step("ls", "+".join(names), partial(local_sections.status_commands, names, times))


def _output(settings: Settings) -> Iterator[Step]:
    if OURS in settings.only:
        yield Step("output", OURS, lambda: {OURS: output.read_output(settings.quick)})


def _middleware(settings: Settings) -> Iterator[Step]:
    if OURS in settings.only:
        yield Step("middleware", OURS, lambda: {OURS: middleware.cost_of_three(settings.quick)})


def _idle(settings: Settings, repetition: int) -> Iterator[Step]:
    """Plan `idle` once: it is long, and nothing happens in it."""
    seconds = 5.0 if settings.quick else local_sections.IDLE_S
    if OURS in settings.only and repetition == 0:
        yield Step("idle", OURS, lambda: {OURS: local_sections.idle_rtd(seconds)})


def _schedule(names: tuple[str, ...], settings: Settings, repetition: int) -> Iterator[Step]:
    """Plan the idle measurements once, the firing ones as often as the rest."""
    for name in names:
        if name == OURS:
            todo = schedule.of_rtd(settings.quick)
        elif name in schedule.PEERS:
            todo = schedule.of_peer(name, settings.quick)
        else:
            continue
        for title, work in todo:
            if repetition == 0 or not title.startswith("idle"):
                yield Step("schedule", f"{name} {title}", partial(_named, name, work))


def _named(name: str, work: Callable[[], dict[str, float]]) -> Figures:
    return {name: work()}


def _queues(section: str, names: tuple[str, ...], settings: Settings) -> Iterator[Step]:
    for name in names:
        case = case_for(name, section, settings.quick, settings.scale) if name in SYSTEMS else None
        if case is not None:
            yield Step(section, name, partial(_one, case))


def _one(case: Case) -> Figures:
    return {case.system.name: measure(case)}


def carry_out(settings: Settings) -> Results:
    """Measure everything; record a measurement that fails, and go on with the others."""
    results = Results()
    for repetition in range(settings.repetitions):
        for step in steps(settings, repetition):
            title = f"[{repetition + 1}/{settings.repetitions}] {step.section} {step.title}"
            print(title, end=" ", flush=True, file=sys.stderr)
            try:
                measured = step.work()
            except (CaseFailed, TimeoutError, OSError) as error:
                results.failures.append(f"{step.section} {step.title}: {error}")
                print(f"failed: {error}", file=sys.stderr)
                continue
            for name, figures in measured.items():
                results.add(step.section, name, figures)
            print(*(_shown(figures) for figures in measured.values()), file=sys.stderr)
    return results


def _shown(figures: dict[str, Any]) -> str:
    return " ".join(f"{k}={v:,.1f}" for k, v in figures.items() if isinstance(v, int | float))
