"""Functions of the app's that are called around tasks and around the scheduler."""

from collections.abc import Callable
from dataclasses import dataclass, field, fields
from typing import Any

Hook = Callable[..., Any]


@dataclass(slots=True)
class Hooks:
    """All hooks of a session, in the order of their declaration.

    Attributes:
        init: called with each task when it is made.
        execute: generator functions, called with the task around each of its executions; a
            `yield` gives the exception triple, `(None, None, None)` for a success.
        startup, cycle, shutdown: called with the scheduler, plain or generator functions.
    """

    init: list[Hook] = field(default_factory=list)
    execute: list[Hook] = field(default_factory=list)
    startup: list[Hook] = field(default_factory=list)
    cycle: list[Hook] = field(default_factory=list)
    shutdown: list[Hook] = field(default_factory=list)

    def take_over(self, other: "Hooks") -> None:
        """Those of another session come first."""
        for f in fields(self):
            getattr(self, f.name)[:0] = getattr(other, f.name)

    def counts(self) -> dict[str, int]:
        """How many the scheduler has, by kind."""
        return {kind: len(getattr(self, kind)) for kind in ("startup", "cycle", "shutdown")}
