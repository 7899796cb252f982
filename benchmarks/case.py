"""One measurement: a fresh folder, a fresh Redis, the driver of one system, a swept machine."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.environments import ROOT, python_of
from benchmarks.private_redis import PrivateRedis
from benchmarks.sweep import sweep

TIMEOUT_S = 420.0


class CaseFailed(Exception):
    """A measurement that did not finish; the message says why."""


@dataclass(frozen=True)
class System:
    """A measured system: its name, its environment, and numbers of runs that take some seconds.

    ``drain`` and ``fresh`` are numbers of runs for a drain of several seconds on a slow machine;
    ``fresh`` is 0 where the system forks no process per run. ``fresh_pool`` is the pool to use.
    """

    name: str
    environment: str
    packages: tuple[str, ...]
    drain: int
    submit: int
    fresh: int = 0
    fresh_pool: str = ""


@dataclass(frozen=True)
class Case:
    """A measurement: a section of a system, at a size, with a pool ("" is its best)."""

    system: System
    section: str
    size: int
    pool: str = ""

    def __str__(self) -> str:
        return f"{self.system.name} {self.section}" + (f" [{self.pool}]" if self.pool else "")


def measure(case: Case) -> dict[str, Any]:
    """Run a case and return its figures.

    Raises:
        CaseFailed: the driver failed or took more than ``TIMEOUT_S``.
    """
    scratch = Path(tempfile.mkdtemp(prefix="rtd-bench-"))
    try:
        with PrivateRedis(scratch) as redis:
            return _drive(case, scratch, redis.socket)
    finally:
        sweep()
        shutil.rmtree(scratch, ignore_errors=True)


def _drive(case: Case, scratch: Path, redis_socket: Path) -> dict[str, Any]:
    python = python_of(case.system.environment)
    command = [str(python), "-m", "benchmarks.sides.driver", case.system.name, case.section]
    command += ["--size", str(case.size), "--pool", case.pool]
    environ = {
        **os.environ,
        "BENCH_REDIS": str(redis_socket),
        "BENCH_SCRATCH": str(scratch),
        "BENCH_SECTION": case.section,
        "PYTHONPATH": str(ROOT),
    }
    try:
        done = subprocess.run(
            command,
            cwd=ROOT,
            env=environ,
            capture_output=True,
            text=True,
            timeout=TIMEOUT_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise CaseFailed(f"{case}: not finished after {TIMEOUT_S:.0f} s") from None
    if done.returncode != 0:
        raise CaseFailed(f"{case}: {done.stderr.strip()[-2000:]}")
    figures: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return figures
