"""The contract between the driver and a system: the same few verbs for all systems."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import ClassVar, Protocol

import redis as redis_py

REDIS_SOCKET = os.environ.get("BENCH_REDIS", "/nonexistent")
"""The Unix socket of the private Redis that the harness has started."""

Command = list[str]
Figures = dict[str, float]
WAITING_AT_ONCE = 2000
"""How many runs of the section `waiting` the one process of each system may have at once."""


class Side(Protocol):
    """One system, seen from the process that measures it.

    ``pools`` names the ways to start its workers that were tried (each a list of commands, all
    started together) and ``best`` the one that did best on two cores. ``batch`` names the way of
    submitting batches. ``gated`` is true if the driver can start the workers first and hold them
    back, false if it must fill the queue before it starts them. ``waiting`` has the pools of the
    section `waiting`: one process each, for `WAITING_AT_ONCE` runs.
    """

    pools: ClassVar[dict[str, list[Command]]]
    best: ClassVar[str]
    batch: ClassVar[str]
    gated: ClassVar[bool]
    waiting: ClassVar[dict[str, list[Command]]]

    def wait_ready(self, timeout_s: float) -> None:
        """Return when the workers answer (gated systems only)."""

    def close_gate(self) -> None:
        """Let no run start (gated systems only)."""

    def open_gate(self) -> None:
        """Let runs start again (gated systems only)."""

    def submit_each(self, count: int) -> None:
        """Submit ``count`` no-op runs one by one, each acknowledged before the next."""

    def submit_batch(self, count: int) -> None:
        """Submit ``count`` no-op runs in the fastest way that the system offers."""

    def submit_waits(self, count: int, seconds: float) -> None:
        """Submit runs that only wait, in the fastest way (systems with `waiting` only)."""

    def submit_stamp(self) -> None:
        """Submit one run that reports its latency, counted from just before the submit."""

    def unfinished(self, submitted: int) -> int:
        """Return how many of ``submitted`` no-op runs have no stored outcome yet; a cheap call."""

    def close(self) -> None:
        """Close the connections."""


class Ungated:
    """The gate of systems that have none."""

    gated: ClassVar[bool] = False

    def wait_ready(self, timeout_s: float) -> None:
        """Nothing to wait for: the driver waits for the first runs."""

    def close_gate(self) -> None:
        """There is no gate."""

    def open_gate(self) -> None:
        """There is no gate."""


def tool(name: str) -> str:
    """Return the command ``name`` of the environment that this process runs in."""
    return str(Path(sys.executable).parent / name)


def redis_client(db: int = 0) -> redis_py.Redis:
    """A plain client of the private Redis, to count outcomes with."""
    return redis_py.Redis(unix_socket_path=REDIS_SOCKET, db=db)


def redis_url(db: int = 0) -> str:
    """The private Redis as redis-py's ``from_url`` wants it."""
    return f"unix://{REDIS_SOCKET}?db={db}"
