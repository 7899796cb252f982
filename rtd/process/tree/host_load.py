"""The load of the whole host."""

import psutil

from rtd.common.stdlib.originals import os

__all__ = ["measure_host"]


def measure_host() -> tuple[float, float]:
    """Return the share of the memory in use (percent), and the load (its mean of a minute)."""
    return psutil.virtual_memory().percent, os.getloadavg()[0]
