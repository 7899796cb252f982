"""Tells a fork that a task made from the executor itself.

A task may fork and let the child return from its function. That child must not go on as a
second executor on the same connection: it ends where the task's code ends.
"""

import os
from typing import Final


class ForkGuard:
    """A flag that every fork of this process sets in the child; costs nothing to read."""

    def __init__(self) -> None:
        self.is_child = False
        os.register_at_fork(after_in_child=self._mark)

    def _mark(self) -> None:
        self.is_child = True

    def reset(self) -> None:
        """Clear the flag: this process is an executor that the zygote forked."""
        self.is_child = False


FORK_GUARD: Final = ForkGuard()


def exit_child(failed: bool) -> None:
    """End a child of the task at once, without the steps at the end of an executor."""
    os._exit(1 if failed else 0)
