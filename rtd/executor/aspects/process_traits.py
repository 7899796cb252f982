"""The traits of an executor: put back after the run that changed them, or it is replaced."""

from collections.abc import Callable
from typing import Final, NamedTuple

from rtd.executor.core.attempt_outcome import AttemptOutcome
from rtd.executor.core.run_aspect import RunAspect
from rtd.model.output_files import Places
from rtd.process.traits.descriptors import DescriptorReserve, are_lost, is_nearly_used_up
from rtd.process.traits.kernel_traits import kernel_traits
from rtd.process.traits.python_traits import PYTHON_TRAITS
from rtd.process.traits.signal_traits import SIGNAL_TRAITS
from rtd.process.traits.trait import Trait, TraitSet

#: Runs of this length are worth an examination of their own ...
LONG_S: Final = 0.002
#: ... and those that are shorter one in this time, for all of them.
_EVERY_S: Final = 0.050


class ExecutorParts(NamedTuple):
    """The parts of an executor that the examination needs.

    Attributes:
        stdio: descriptors 0 to 2.
        own_fds: returns the descriptors that rtd has open here, with their files.
        replace_fds: opens them again; called when a run has closed some of them.
        on_spoiled: called when this process cannot be as it was, so that the executor must end.
    """

    stdio: Trait
    own_fds: Callable[[], Places]
    replace_fds: Callable[[], None]
    on_spoiled: Callable[[], None]


class ProcessTraits(RunAspect):
    """Examines the process after each run that is not short; after short ones now and then, when
    the executor is idle, and before the next run that is not short."""

    def __init__(self, parts: ExecutorParts) -> None:
        self._parts = parts
        self._traits = TraitSet([*SIGNAL_TRAITS, parts.stdio, *kernel_traits(), *PYTHON_TRAITS])
        self._reserve = DescriptorReserve()
        #: Tasks whose last examined run has changed nothing.
        self._clean: set[str] = set()
        self._next_at = 0.0
        #: Whether there were runs since the last examination.
        self._pending = False
        self._spoiled = False

    def leave(self, outcome: AttemptOutcome) -> None:
        task = outcome.leased_run.task
        if outcome.elapsed_s < LONG_S and outcome.ended_at < self._next_at and task in self._clean:
            self._pending = True
            return
        others = self._pending
        found = self._examine()
        self._next_at = outcome.ended_at + _EVERY_S
        if not found:
            self._clean.add(task)
            return
        self._clean.discard(task)
        whose = "a run before it, or this one, has" if others else "it has"
        outcome.add_note(f"{whose} changed its process ({'; '.join(found)})")

    def leave_shared(self, outcome: AttemptOutcome) -> None:
        """Examine now and then, after runs that share this process, while none goes on."""
        self._pending = True
        if outcome.ended_at >= self._next_at:
            self._next_at = outcome.ended_at + _EVERY_S
            if found := self._examine():
                outcome.add_note(
                    f"a run of its process has changed its process ({'; '.join(found)})"
                )

    def on_idle(self) -> None:
        """Examine what short runs have left: no run waits for it, or the next one is long."""
        if self._pending:
            self._examine()

    def _examine(self) -> list[str]:
        """Put back what has changed. Returns phrases for the note, empty when nothing has."""
        self._pending = False
        if self._spoiled:
            return []
        found = []
        changed = self._traits.changed()
        if changed:
            stuck = self._traits.restore(changed)
            told = [trait.name for trait in changed if trait.told and trait not in stuck]
            if told:
                found.append(f"{', '.join(told)}: put back")
            if stuck:
                names = ", ".join(trait.name for trait in stuck)
                found.append(f"{names}: this executor ends, for it cannot put that back")
                self._spoil()
        if are_lost(self._parts.own_fds):
            found.append("rtd's own file descriptors were closed: this executor ends")
            self._spoil()
            self._reserve.release()
            self._parts.replace_fds()
        elif is_nearly_used_up():
            found.append("nearly all file descriptors are open: this executor ends")
            self._spoil()
            self._reserve.release()
        return found

    def _spoil(self) -> None:
        self._spoiled = True
        self._parts.on_spoiled()
