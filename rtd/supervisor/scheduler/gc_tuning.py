"""The supervisor's heap: what stays is not looked at again by the garbage collector.

A collection of everything takes milliseconds, with very many tasks a tenth of a second, and
comes at any moment: also at one when tasks are due.
"""

import gc
from typing import Final

#: Objects between two collections of the youngest.
THRESHOLD: Final = 10_000


def tune_gc() -> None:
    """What was made for good has been made: leave it alone, and let go of what was replaced."""
    gc.set_threshold(THRESHOLD, 20, 20)
    gc.unfreeze()
    gc.collect()
    gc.freeze()
