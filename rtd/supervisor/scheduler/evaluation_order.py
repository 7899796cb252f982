"""Which custom conditions the next run of the cycle evaluates, and in which order."""

from collections.abc import Container, Iterable, Sequence

from rtd.supervisor.scheduler.quarantine import Quarantine


class EvaluationOrder:
    """Gives each condition its turn, though others hang or end their process.

    Args:
        limit_s: the time that a condition has to answer.

    Attributes:
        quarantine: conditions that hung or ended their process; each is evaluated alone.
    """

    def __init__(self, limit_s: float) -> None:
        self.quarantine = Quarantine(limit_s)
        #: The conditions that had no turn in the latest run.
        self._left: list[str] = []
        #: Conditions of which one ended its process; each is evaluated alone until it is known.
        self._suspects: list[str] = []
        self._was_quarantined = False

    def due(self, needed: Iterable[str], now_s: float) -> set[str]:
        """Return the needed conditions that may be evaluated now: those outside quarantine, or,
        in turns with them, one inside whose pause is over."""
        needed = set(needed)
        free = {custom for custom in needed if custom not in self.quarantine}
        if free and self._was_quarantined:
            return free
        over = self.quarantine.due(needed, now_s)
        return {over[0]} if over else free

    def take_turn(self, due: Iterable[str]) -> list[str]:
        """Return what one run evaluates, in this order: a suspect alone, or those first that had
        no turn in the latest run."""
        due = set(due)
        self._was_quarantined = any(custom in self.quarantine for custom in due)
        if self._was_quarantined:
            return list(due)
        self._suspects = [custom for custom in self._suspects if custom in due]
        if self._suspects:
            return [self._suspects.pop(0)]
        left = [custom for custom in self._left if custom in due]
        return left + sorted(due.difference(left))

    def end_turn(self, customs: Sequence[str], answered: Container[str]) -> list[str]:
        """Record which conditions of a run answered. Return the others.

        If none of several did, one of them has ended the process: all are suspects.
        """
        self._left = [custom for custom in customs if custom not in answered]
        if len(customs) > 1 and len(self._left) == len(customs):
            self._suspects = list(customs)
        return self._left
