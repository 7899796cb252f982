"""The remains of a run in its executor: processes and signal handlers."""

from rtd.executor.core.attempt_outcome import AttemptOutcome
from rtd.executor.core.run_aspect import RunAspect
from rtd.process.events.executor_signals import ExecutorSignals
from rtd.process.tree.children import has_children
from rtd.process.tree.kill_tree import kill_children
from rtd.process.tree.program_name import only_program


class Leftovers(RunAspect):
    """Restores the signal handlers and ends the run's processes, before the run is over."""

    def __init__(self, signals: ExecutorSignals) -> None:
        self._signals = signals

    def leave(self, outcome: AttemptOutcome) -> None:
        self._signals.restore()
        kill_leftovers(outcome)


def kill_leftovers(outcome: AttemptOutcome) -> None:
    """Kill and reap every child of this executor, daemonised ones included (it is a
    subreaper), and note each process that was still alive.

    Costs 1.4 us when there is none, which is nearly always.
    """
    if not has_children():
        return
    ended = kill_children()
    killed = [end for end in ended if not end.how.startswith("exit ")]
    if not killed:
        return  # only zombies: children that had ended and that the task did not wait for
    outcome.pids = (outcome.pids or []) + [list(end) for end in killed]
    names = ", ".join(f"{end.pid} {only_program(end.name)}" for end in killed[:5])
    more = f" and {len(killed) - 5} more" if len(killed) > 5 else ""
    count = "a process" if len(killed) == 1 else f"{len(killed):,} processes"
    outcome.add_note(f"left {count} behind, ended by rtd: {names}{more}")
