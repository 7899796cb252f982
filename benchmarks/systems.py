"""The systems that are measured, and the size of each measurement."""

from __future__ import annotations

from benchmarks.case import Case, System
from rtd.common.version import DISTRIBUTION

SYSTEMS = {
    system.name: system
    for system in (
        System(
            "rtd", "rtd", (DISTRIBUTION,), drain=80_000, submit=6000, fresh=1500, fresh_pool="fresh"
        ),
        System("celery", "peers", ("celery",), drain=4000, submit=1000),
        System("rq", "peers", ("rq",), drain=4000, submit=3000, fresh=300, fresh_pool="forking x3"),
        System("dramatiq", "peers", ("dramatiq",), drain=20_000, submit=5000),
        System("huey", "peers", ("huey",), drain=30_000, submit=10_000),
        System("arq", "arq", ("arq",), drain=6000, submit=1000),
        System("taskiq", "peers", ("taskiq", "taskiq-redis"), drain=15_000, submit=2000),
    )
}

PEER_SECTIONS = ("drain", "submit", "latency", "fresh")
WAITING = (
    ("rtd", "greenlets"),
    ("celery", "greenlets"),
    ("rtd", "coroutines"),
    ("arq", "coroutines"),
)
"""What the section `waiting` measures: who, and by what its runs wait."""
LATENCY_SAMPLES = 400
_QUICK = 10


def case_for(name: str, section: str, quick: bool, scale: float, pool: str = "") -> Case | None:
    """The case of a system and section; None where the system has nothing to measure there."""
    system = SYSTEMS[name]
    sizes = {
        "drain": system.drain,
        "submit": system.submit,
        "latency": LATENCY_SAMPLES,
        "fresh": system.fresh,
        "waiting": 2000,
    }
    if not sizes[section]:
        return None
    size = max(20, int(sizes[section] * scale / (_QUICK if quick else 1)))
    if section == "latency" and not quick:
        size = max(size, 300)
    if section == "fresh":
        pool = pool or system.fresh_pool
    return Case(system, section, size, pool)
