"""The run on the board: who runs what, since when, and within which limits."""

from rtd.executor.core.attempt_outcome import AttemptOutcome
from rtd.executor.core.run_aspect import RunAspect
from rtd.process.board.slot import FLAG_SAMPLE, Slot


class BoardSlot(RunAspect):
    """Shows the supervisor each run of one slot, with the limits that it must enforce."""

    def __init__(self, slot: Slot) -> None:
        self._slot = slot

    def enter(self, outcome: AttemptOutcome) -> None:
        work = outcome.leased_run
        policies = work.policies
        started_ns, timeout_s = outcome.started_ns, policies.timeout_s
        deadline_ns = started_ns + int(timeout_s * 1e9) if timeout_s else 0
        memory = policies.memory_limit_bytes or 0
        cpu_ns = int((policies.cpu_time_limit_s or 0) * 1e9)
        flags = FLAG_SAMPLE if memory or cpu_ns or work.has_end_cond else 0
        self._slot.begin(
            *work.id_words, started_ns, deadline_ns, flags, memory, cpu_ns, work.attempt_number
        )

    def leave(self, outcome: AttemptOutcome) -> None:
        self._slot.end()
