"""The resource limits of an executor: restored when a task has changed them."""

from collections.abc import Callable
from typing import Final

from rtd.executor.aspects.resource_usage import MIN_MEASURED_S
from rtd.executor.core.leased_run import AttemptOutcome
from rtd.executor.core.run_aspect import RunAspect
from rtd.process.fork.resource_limits import ResourceLimits

#: A task that changes limits counts as one with long runs, so that it keeps this aspect.
_LONG_S: Final = 0.010


class ProcessLimits(RunAspect):
    """Restores the limits, so that the next run does not suffer from them.

    Args:
        on_spoiled: called when they cannot be restored, so that this executor must end.
    """

    min_expected_s = MIN_MEASURED_S

    def __init__(self, on_spoiled: Callable[[], None]) -> None:
        self._on_spoiled = on_spoiled
        self._limits = ResourceLimits()

    def leave(self, outcome: AttemptOutcome) -> None:
        changed = self._limits.changed()
        if not changed:
            return
        restored = self._restore()
        end = "put back" if restored else "this executor ends, for it may not raise them again"
        outcome.add_note(f"changed limits of its process ({', '.join(changed)}): {end}")
        outcome.elapsed_s = max(outcome.elapsed_s, _LONG_S)

    def on_idle(self) -> None:
        self._restore()

    def _restore(self) -> bool:
        restored = self._limits.restore()
        if not restored:
            self._on_spoiled()
        return restored
