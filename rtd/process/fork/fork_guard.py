"""Knowing that this process is a fork that a task made, not the executor itself.

A task may fork and let the child return from its function. That child must not go on as a
second executor on the same connection: it ends where the task's code ends.
"""

import os
from typing import Final


class ForkGuard:
    """Set in every child that this process forks, by whomever; costs nothing to look at."""

    def __init__(self) -> None:
        self.is_child = False
        os.register_at_fork(after_in_child=self._mark)

    def _mark(self) -> None:
        self.is_child = True

    def reset(self) -> None:
        """This process is what it should be: an executor that the zygote forked."""
        self.is_child = False


FORK_GUARD: Final = ForkGuard()


def exit_child(failed: bool) -> None:
    """End a task's own child here, without what the executor does at its end."""
    os._exit(1 if failed else 0)
