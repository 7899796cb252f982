"""The aspects of an executor's runs: their order, and which of them a run has."""

from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

from rtd.executor.aspects.board_slot import BoardSlot
from rtd.executor.aspects.leftovers import Leftovers
from rtd.executor.aspects.process_title import ProcessTitle
from rtd.executor.aspects.process_traits import ProcessTraits
from rtd.executor.aspects.resource_usage import ResourceUsage
from rtd.executor.core.attempt_outcome import AttemptOutcome
from rtd.executor.core.executor_options import ExecutorContext
from rtd.executor.core.leased_run import LeasedRun
from rtd.executor.core.run_aspect import RunAspect
from rtd.model.policies import Policies
from rtd.process.board.slot import Slot

Step = Callable[[AttemptOutcome], None]
_ENDLESS_S: Final = float("inf")


class AspectCalls(NamedTuple):
    """The aspects of one run, as calls.

    Attributes:
        enters: before the run, the outermost aspect first.
        leaves: after the run, the innermost aspect first.
        low_s, high_s: for runs that are expected to take [low_s, high_s) seconds.
        policies: for runs with these policies.
    """

    enters: tuple[Step, ...]
    leaves: tuple[Step, ...]
    low_s: float = 0.0
    high_s: float = _ENDLESS_S
    policies: Policies | None = None


def steps_of(aspects: Sequence[RunAspect]) -> AspectCalls:
    """Return the calls of these aspects, the outermost first."""
    return AspectCalls(
        tuple(a.enter for a in aspects if type(a).enter is not RunAspect.enter),
        tuple(a.leave for a in reversed(aspects) if type(a).leave is not RunAspect.leave),
    )


class RunAspects:
    """Chooses the aspects of each run: once per task, again when its runs take longer.

    Args:
        aspects: all that the lane has, the outermost first.
    """

    def __init__(self, aspects: Sequence[RunAspect]) -> None:
        self._aspects = aspects
        self._in_child = [a for a in aspects if type(a).enter_child is not RunAspect.enter_child]
        self._when_idle = [a for a in aspects if type(a).on_idle is not RunAspect.on_idle]
        self._by_task: dict[str, AspectCalls] = {}
        self._by_policy = any(type(a).applies is not RunAspect.applies for a in aspects)

    def select(self, work: LeasedRun, expected_s: float) -> AspectCalls:
        """Return the aspects of a run that is expected to take so long."""
        steps = self._by_task.get(work.task)
        if (
            steps is None
            or not steps.low_s <= expected_s < steps.high_s
            or (self._by_policy and steps.policies is not work.policies)
        ):
            steps = self._by_task[work.task] = self._choose(work.policies, expected_s)
        return steps

    def _choose(self, policies: Policies, expected_s: float) -> AspectCalls:
        fitting = [a for a in self._aspects if a.applies(policies)]
        bounds = {a.min_expected_s for a in fitting}
        return steps_of([a for a in fitting if a.min_expected_s <= expected_s])._replace(
            low_s=max((bound for bound in bounds if bound <= expected_s), default=0.0),
            high_s=min((bound for bound in bounds if bound > expected_s), default=_ENDLESS_S),
            policies=policies,
        )

    def enter_child(self, work: LeasedRun) -> None:
        """Prepare this process, a child that was forked before its run was known."""
        for aspect in self._in_child:
            if aspect.applies(work.policies):
                aspect.enter_child(work)

    def on_idle(self) -> None:
        """Let each aspect use the time in which there is nothing to run."""
        for aspect in self._when_idle:
            aspect.on_idle()


def serial_aspects(
    context: ExecutorContext,
    slot: Slot,
    reports: RunAspect,
    output: RunAspect,
    traits: ProcessTraits | None,
) -> RunAspects:
    """Return the aspects of the runs of a serial lane.

    Args:
        reports: hands the outcome on; aspects further in can still add to it.
        output: keeps what the run wrote; aspects further in can still write.
        traits: puts the process right; None where no code of the app runs in it.
    """
    aspects = [
        ProcessTitle(context.lane.name),
        BoardSlot(slot),
        reports,
        output,
        Leftovers(context.signals),
        ResourceUsage(),
    ]
    return RunAspects(
        # Innermost, and so first after the run: the others need the process as it was.
        aspects if traits is None else [*aspects, traits]
    )
