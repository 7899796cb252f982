"""The measurement of the section `apply`: all ways in turns, requests with and without a run."""

from __future__ import annotations

import random
import shutil
import tempfile
import time
from collections import defaultdict
from contextlib import ExitStack
from pathlib import Path

from benchmarks.private_redis import PrivateRedis
from benchmarks.results import OURS
from benchmarks.sweep import sweep
from benchmarks.web import ways
from benchmarks.web.kept_connection import Sample
from benchmarks.web.ways import OUR_WAYS, PEERS, Way

__all__ = ["PEERS", "REQUESTS", "apply_in_requests"]

REQUESTS = 1000
"""Of each way with a run, and as many without one."""
BLOCK = 20
"""Pairs of requests of one way, before it is the next one's turn."""
WARM_UP = 60
GAP_S = (0.001, 0.003)
"""Between two requests; random, so that the run of the last one is over, mostly."""
_TARGETS = ("/plain", "/apply")

Samples = dict[str, dict[str, list[Sample]]]
"""Way -> target -> the samples."""


def apply_in_requests(systems: tuple[str, ...], count: int) -> dict[str, dict[str, float]]:
    """Return the figures of each system, from so many pairs of requests of each way."""
    folder = Path(tempfile.mkdtemp(prefix="rtd-bench-"))
    folder.chmod(0o755)
    try:
        with ExitStack() as stack:
            redis = stack.enter_context(PrivateRedis(folder))
            up = [
                stack.enter_context(ways.opened(name, folder / name, redis.socket))
                for name in ways.names(systems)
            ]
            samples = _take_turns(up, count)
    finally:
        sweep()
        shutil.rmtree(folder, ignore_errors=True)
    return _figures(samples)


def _take_turns(up: list[Way], count: int) -> Samples:
    samples: Samples = defaultdict(lambda: defaultdict(list))
    for way in up:
        for _ in range(WARM_UP):
            _pair(way, defaultdict(list))
    for turn in range(count // BLOCK):
        first = turn % len(up)
        for way in up[first:] + up[:first]:
            for _ in range(BLOCK):
                _pair(way, samples[way.name])
    return samples


def _pair(way: Way, samples: dict[str, list[Sample]]) -> None:
    """Send one request of each kind, in either order."""
    for target in random.sample(_TARGETS, 2):
        time.sleep(random.uniform(*GAP_S))
        samples[target].append(way.connection.post(target))


def _figures(samples: Samples) -> dict[str, dict[str, float]]:
    """Return the figures by system: those of rtd by way, those of a peer beside each of them."""
    found: dict[str, dict[str, float]] = defaultdict(dict)
    for name, by_target in samples.items():
        system, titles = (OURS, (name,)) if name in OUR_WAYS else (name, OUR_WAYS)
        for title in titles:
            found[system] |= {f"{title}_{key}": v for key, v in _costs(by_target).items()}
    return dict(found)


def _costs(by_target: dict[str, list[Sample]]) -> dict[str, float]:
    plain = [sample.whole_us for sample in by_target["/plain"]]
    queued = [sample.whole_us for sample in by_target["/apply"]]
    calls = [sample.call_us for sample in by_target["/apply"]]
    found = {}
    for percent in (50, 99):
        found[f"plain_p{percent}_us"] = _percentile(plain, percent)
        found[f"request_p{percent}_us"] = _percentile(queued, percent)
        found[f"added_p{percent}_us"] = _percentile(queued, percent) - _percentile(plain, percent)
        found[f"call_p{percent}_us"] = _percentile(calls, percent)
    return found


def _percentile(values: list[float], percent: int) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, len(ordered) * percent // 100)]
