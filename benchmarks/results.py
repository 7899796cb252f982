"""The figures of each repetition, their medians, and their targets."""

from __future__ import annotations

import statistics
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

PEERS = ("celery", "rq", "dramatiq", "huey", "arq", "taskiq")
SCHEDULERS = ("rocketry", "apscheduler")
OURS = "rtd"


@dataclass
class Results:
    """Every figure measured so far: section -> system -> one dict per repetition."""

    samples: dict[str, dict[str, list[dict[str, Any]]]] = field(
        default_factory=lambda: defaultdict(lambda: defaultdict(list))
    )
    failures: list[str] = field(default_factory=list)

    def add(self, section: str, system: str, figures: dict[str, Any]) -> None:
        """Record the figures of one repetition."""
        self.samples[section][system].append(figures)

    def median(self, section: str, system: str, figure: str) -> float | None:
        """Return the median of a figure over the repetitions, None if it was not measured."""
        repetitions = self.samples.get(section, {}).get(system, [])
        values = [float(one[figure]) for one in repetitions if figure in one]
        return statistics.median(values) if values else None

    def said(self, section: str, system: str, figure: str) -> str:
        """Return a text of the first repetition, "" if there is none."""
        repetitions = self.samples.get(section, {}).get(system, [])
        return str(repetitions[0].get(figure, "")) if repetitions else ""


@dataclass(frozen=True)
class Row:
    """A row of the table: a figure of a section, and its target.

    ``factor`` with ``higher`` true: rtd must reach factor x the best rival; with ``higher``
    false: rtd must stay at or below factor x the best rival. ``limit``: rtd must stay at or
    below it. ``rivals`` are the systems that count.
    """

    title: str
    section: str
    figure: str
    higher: bool = True
    factor: float | None = None
    limit: float | None = None
    rivals: tuple[str, ...] = PEERS
    digits: int = 0


ROWS = (
    Row("no-op runs drained/s", "drain", "runs_per_s", factor=6.0),
    Row("submits/s, one by one", "submit", "each_per_s"),
    Row("submits/s, batches", "submit", "batch_per_s", factor=5.0),
    Row("idle latency p50, us", "latency", "p50_us", higher=False, factor=1.0),
    Row("idle latency p99, us", "latency", "p99_us", higher=False, factor=1.0),
    Row("fresh-fork runs/s", "fresh", "runs_per_s", factor=4.0, rivals=("rq",)),
    *(
        Row(
            f"2,000 {kind} that wait 1 s: {what}",
            "waiting",
            f"{kind}_{figure}",
            higher=False,
            factor=factor,
            rivals=(rival,),
            digits=digits,
        )
        for kind, rival in (("greenlets", "celery"), ("coroutines", "arq"))
        for what, figure, factor, digits in (
            ("from the first submit, s", "wall_s", 1.0, 2),
            ("behind the last submit, s", "runs_s", 1.0, 2),
            ("at once, at most", "at_once", None, 0),
            ("memory, MiB", "peak_mib", None, 1),
            ("memory of each, KiB", "run_kib", None, 1),
        )
    ),
    *(
        Row(
            f"apply in a request, {title}: {what}, us",
            "apply",
            f"{way}_{figure}",
            higher=False,
            limit=limit,
            rivals=("celery", "rq", "huey"),
        )
        for way, title in (
            ("own", "own daemon"),
            ("other", "another user's"),
            ("redis", "only Redis"),
        )
        for what, figure, limit in (
            ("added p50", "added_p50_us", None),
            ("added p99", "added_p99_us", 1000.0),
            ("the call p50", "call_p50_us", None),
            ("the call p99", "call_p99_us", None),
        )
    ),
    Row(
        "status command, ms",
        "ls",
        "ms",
        higher=False,
        factor=0.5,
        rivals=("supervisor",),
        digits=1,
    ),
    Row("logs -t, a line of 100 MB, s", "output", "long_line_s", higher=False, digits=2),
    Row("logs -t, 10 million lines, s", "output", "short_lines_s", higher=False, digits=2),
    Row("logs -t, 1 million printed, s", "output", "printed_lines_s", higher=False, digits=2),
    Row("three middlewares, us a run", "middleware", "three_us", higher=False, limit=30, digits=1),
    Row("idle CPU, % of a core", "idle", "cpu_percent", higher=False, limit=0.5, digits=2),
    Row("idle memory (PSS), MiB", "idle", "pss_mib", higher=False, digits=1),
    *(
        Row(
            f"{size:,} scheduled, idle: CPU, % of a core",
            "schedule",
            f"cpu_percent_{size}",
            higher=False,
            limit=1.0 if size == 100_000 else None,
            rivals=SCHEDULERS,
            digits=3,
        )
        for size in (100, 1000, 5000, 100_000)
    ),
    *(
        Row(
            f"a cycle over {size:,} scheduled, ms",
            "schedule",
            f"cycle_ms_{size}",
            higher=False,
            rivals=SCHEDULERS,
            digits=1,
        )
        for size in (100, 1000, 5000)
    ),
    Row(
        "5,000 scheduled, idle: ns of CPU per task and s",
        "schedule",
        "task_ns_per_s_5000",
        higher=False,
        factor=0.001,
        rivals=("rocketry",),
    ),
    Row(
        "100,000 scheduled, idle: ns of CPU per task and s",
        "schedule",
        "task_ns_per_s_100000",
        higher=False,
        digits=1,
    ),
    *(
        Row(
            f"{size:,} scheduled: start-up, s",
            "schedule",
            f"startup_s_{size}",
            higher=False,
            rivals=SCHEDULERS,
            digits=2,
        )
        for size in (5000, 100_000)
    ),
    *(
        Row(
            f"{size:,} scheduled: memory per task, bytes",
            "schedule",
            f"task_bytes_{size}",
            higher=False,
            rivals=SCHEDULERS,
        )
        for size in (5000, 100_000)
    ),
    *(
        Row(
            f"1,000 {what}: {moment} p99, ms late",
            "schedule",
            f"{name}_p99_ms",
            higher=False,
            limit=5.0 if name == "spread" else None,
            rivals=SCHEDULERS,
            digits=1,
        )
        for what, kind in (
            ("due in one second", "spread"),
            ("due at one instant", "late"),
            ("waiting for one event", "event"),
        )
        for moment, name in (("submitted", kind), ("started", f"{kind}_start"))
    ),
    Row(
        "1,000 moments in one second: a loop that only sleeps, p99, ms late",
        "schedule",
        "floor_p99_ms",
        higher=False,
        digits=1,
    ),
)


@dataclass(frozen=True)
class Verdict:
    """The result of rtd in a row: ``passed`` is None without a target or without a rival."""

    passed: bool | None
    text: str


def judge(row: Row, results: Results) -> Verdict:
    """Compare rtd's median with the target of a row."""
    ours = results.median(row.section, OURS, row.figure)
    measured = {name: results.median(row.section, name, row.figure) for name in row.rivals}
    rivals = {name: value for name, value in measured.items() if value is not None}
    if ours is None:
        return Verdict(None, "")
    if row.limit is not None:
        return _verdict(ours <= row.limit, f"at most {row.limit:g}")
    if not rivals:
        return Verdict(None, "")
    best = (max if row.higher else min)(rivals, key=lambda name: rivals[name])
    ratio = ours / rivals[best]
    measured_text = f"{ratio:.2f}x {best}" if ratio >= 0.01 else f"{ratio:.2g}x {best}"
    if row.factor is None:
        return Verdict(None, measured_text)
    passed = ratio >= row.factor if row.higher else ratio <= row.factor
    bound = "at least" if row.higher else "at most"
    return _verdict(passed, f"{measured_text}, {bound} {row.factor:g}x")


def _verdict(passed: bool, text: str) -> Verdict:
    return Verdict(passed, f"{'pass' if passed else 'FAIL'}: {text}")
