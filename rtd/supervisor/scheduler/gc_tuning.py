"""Keeps the garbage collector away from objects that stay.

A full collection takes milliseconds, with very many tasks a tenth of a second, and comes at any
moment: also when tasks are due.
"""

import gc
from typing import Final

#: Objects that are made between two collections of the youngest generation.
THRESHOLD: Final = 10_000


def tune_gc() -> None:
    """Exclude all objects that exist now from collections, after a last one."""
    gc.set_threshold(THRESHOLD, 20, 20)
    gc.unfreeze()
    gc.collect()
    gc.freeze()
