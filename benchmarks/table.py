"""The one table, for people and as markdown, and the JSON file beside it."""

from __future__ import annotations

import json
import os
import platform
import time
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.environments import versions
from benchmarks.results import OURS, PEERS, ROWS, SCHEDULERS, Results, judge
from benchmarks.systems import PEER_SECTIONS, SYSTEMS

RESULTS = Path(__file__).with_name("results")
_COLUMNS = (OURS, *PEERS, "supervisor", *SCHEDULERS)


class _Note(NamedTuple):
    package: str
    text: str


_SCHEDULERS = {
    "rocketry": _Note("rocketry", "coroutines in its own process, nothing stored"),
    "apscheduler": _Note("APScheduler", "threads in its own process, jobs in memory; no events"),
}


def cells(results: Results) -> list[list[str]]:
    """The table as text: a header line, then a line for each row that has a figure."""
    used = [name for name in _COLUMNS if any(name in by for by in results.samples.values())]
    lines = [["", *used, "rtd against the best peer"]]
    for row in ROWS:
        medians = [results.median(row.section, name, row.figure) for name in used]
        if all(median is None for median in medians):
            continue
        figures = ["" if one is None else f"{one:,.{row.digits}f}" for one in medians]
        lines.append([row.title, *figures, judge(row, results).text])
    return lines


def as_text(lines: list[list[str]]) -> str:
    """Columns padded with spaces: words to the left, figures to the right."""
    widths = [max(len(line[at]) for line in lines) for at in range(len(lines[0]))]
    last = len(widths) - 1
    out = []
    for line in lines:
        padded = [
            cell.ljust(widths[at]) if at in {0, last} else cell.rjust(widths[at])
            for at, cell in enumerate(line)
        ]
        out.append("  ".join(padded).rstrip())
    return "\n".join(out)


def as_markdown(lines: list[list[str]]) -> str:
    """The same as a markdown table."""
    rule = ["---", *["---:"] * (len(lines[0]) - 2), "---"]
    return "\n".join(f"| {' | '.join(line)} |" for line in [lines[0], rule, *lines[1:]])


def footnotes(results: Results) -> str:
    """Return how each system ran, and which measurements failed."""
    lines = []
    for name, system in SYSTEMS.items():
        seen = [s for s in PEER_SECTIONS if results.said(s, name, "pool")]
        if not seen:
            continue
        pools = {s: results.said(s, name, "pool") for s in seen}
        usual = next(iter(pools.values()))
        text = usual + "".join(f"; {s}: {pool}" for s, pool in pools.items() if pool != usual)
        pinned = " ".join(versions(system.environment, list(system.packages)).values())
        title = f"{name} {pinned}".strip()
        lines.append(f"{title}: {text}; batches: {results.said(seen[0], name, 'batch')}")
    for name, note in _SCHEDULERS.items():
        if name in results.samples.get("schedule", {}):
            pinned = next(iter(versions(name, [note.package]).values()))
            lines.append(f"{name} {pinned}: {note.text}")
    # The JSON file has all details.
    lines += [f"failed: {f.splitlines()[0]} ... {f.splitlines()[-1]}" for f in results.failures]
    return "\n".join(lines)


def machine() -> dict[str, Any]:
    """Return a description of the machine and of its load."""
    return {
        "cpus": os.cpu_count(),
        "kernel": platform.release(),
        "python": platform.python_version(),
        "load_1min": os.getloadavg()[0],
    }


def busy(before: dict[str, Any]) -> str:
    """Return a warning if other work was running when the measurements began, else ""."""
    load = before["load_1min"]
    if load <= 0.5:
        return ""
    return f"note: the machine was busy before this began (load {load:.1f}); trust ratios only"


def write_json(results: Results, machine: dict[str, Any], settings: dict[str, Any]) -> Path:
    """Write every repetition, the medians' verdicts and the settings; return the file."""
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / time.strftime("%Y-%m-%d-%H%M%S.json")
    verdicts = {row.title: judge(row, results) for row in ROWS}
    content = {
        "machine": machine,
        "settings": settings,
        "samples": results.samples,
        "verdicts": {title: [v.passed, v.text] for title, v in verdicts.items() if v.text},
        "failures": results.failures,
    }
    path.write_text(json.dumps(content, indent=1))
    return path
