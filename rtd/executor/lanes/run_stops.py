"""The stops of the runs of a concurrent lane, from the board."""

from collections.abc import Callable, Mapping, Sequence

from rtd.executor.runs.concurrent_run import ConcurrentRun
from rtd.process.board.slot import Slot
from rtd.process.board.stop_words import StopWords


class RunStops:
    """Begins the stops that the zygote has written on the board."""

    def __init__(self, slots: Sequence[Slot]) -> None:
        self._words = StopWords(slots)
        #: Runs that must stop, of which the supervisor does not know whether their loop goes on.
        self._unproven: list[ConcurrentRun] = []

    def begin_run(self, slot: int) -> None:
        """Take no earlier stop of this slot for that of the run that begins there."""
        self._words.begin_run(slot)

    def begin_new(self, runs: Mapping[int, ConcurrentRun]) -> None:
        """Begin the stops that have come since the last call.

        Args:
            runs: those that go on, by the low words of their ids.
        """
        for slot, run_lo in self._words.read_new():
            active = runs.get(run_lo)
            if active is not None and active.place.slot.index == slot:
                active.begin_stop()
                self._unproven.append(active)

    def probe_loop(self, call_in_loop: Callable[[Callable[[], None]], bool]) -> None:
        """Show the supervisor whether the event loop goes on, once it wants to know: a run did not
        end within its grace. While one computes, no other can end either.

        Args:
            call_in_loop: has the loop call a function; returns False: the runs have no loop.
        """
        if not self._unproven:
            return
        stopping = [active for active in self._unproven if not active.current_run.ended]
        self._unproven.clear()

        def show_progress() -> None:
            for active in stopping:
                if not active.current_run.ended:
                    active.place.slot.set_blocked(False)

        for active in stopping:
            active.place.slot.set_blocked(True)
        if not call_in_loop(show_progress):
            show_progress()
