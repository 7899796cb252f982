"""Start the workers of a peer, inside of its environment, until SIGTERM."""

from __future__ import annotations

import importlib
import signal
import sys

from benchmarks.sides.contract import Side
from benchmarks.sides.workers import Workers


def main(system: str) -> None:
    """Start its best pool and wait for a signal."""
    side: Side = importlib.import_module(f"benchmarks.sides.{system}_side").Side()
    workers = Workers(side.pools[side.best])
    workers.start()
    signal.sigwait({signal.SIGTERM})
    workers.stop()


if __name__ == "__main__":
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
    main(sys.argv[1])
