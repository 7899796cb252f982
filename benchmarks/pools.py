"""Find the best pool of each system: measure every way to start its workers, side by side."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
from collections import defaultdict

from benchmarks.case import Case, CaseFailed, measure
from benchmarks.environments import ROOT, python_of
from benchmarks.plan import Settings
from benchmarks.systems import SYSTEMS, case_for

_FIGURES = {"drain": ("runs_per_s",), "latency": ("p50_us", "p99_us")}


def names_of(system: str) -> list[str]:
    """Return the pools that a system's module declares, read in the system's own environment."""
    ask = "import json, importlib; m = importlib.import_module('benchmarks.sides.%s_side');"
    ask += "print(json.dumps(list(m.Side.pools)))"
    command = [str(python_of(SYSTEMS[system].environment)), "-c", ask % system]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return [str(name) for name in json.loads(done.stdout)]


def compare(settings: Settings) -> list[list[str]]:
    """Measure drain and idle latency of every pool of the chosen systems, interleaved."""
    figures: dict[tuple[str, str], dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    cases: list[Case] = []
    for system in settings.only:
        if system not in SYSTEMS:
            continue
        for pool in names_of(system):
            for section in _FIGURES:
                case = case_for(system, section, settings.quick, settings.scale, pool)
                if case is not None:
                    cases.append(case)
    for _ in range(settings.repetitions):
        for case in cases:
            try:
                shown = measure(case)
            except CaseFailed as error:
                print(f"failed: {error}", file=sys.stderr)
                continue
            for figure in _FIGURES[case.section]:
                figures[case.system.name, case.pool][figure].append(float(shown[figure]))
            print(case, {f: round(shown[f]) for f in _FIGURES[case.section]}, file=sys.stderr)
    lines = [["pool", "drained/s", "p50 us", "p99 us"]]
    for (system, pool), by_figure in figures.items():
        medians = [by_figure.get(figure, []) for figure in ("runs_per_s", "p50_us", "p99_us")]
        shown_medians = [f"{statistics.median(m):,.0f}" if m else "" for m in medians]
        lines.append([f"{system}: {pool}", *shown_medians])
    return lines
