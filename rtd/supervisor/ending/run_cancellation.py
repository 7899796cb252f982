"""Cancels a run that must stop and is on no slot of the board: it is over, waits, or is leased."""

import time

from rtd.model.run_states import TERMINAL
from rtd.supervisor.core.context import SupervisorContext
from rtd.supervisor.core.run_helpers import cancel_waiting, decode_unless_leased
from rtd.supervisor.core.stop_request import Stop


class RunCancellation:
    """Cancels the run as soon as it waits in a queue.

    The record of a run stays the same while an executor has it, and is not decoded again.

    Args:
        again_s: how long a leased run is left alone before it is cancelled once more: it may have
            gone back to its queue.
    """

    def __init__(self, context: SupervisorContext, stop: Stop, again_s: float) -> None:
        self._context = context
        self._stop = stop
        self._again_s = again_s
        # One that has just left its slot is over soon.
        self._cancel_at_s = time.monotonic() + again_s if stop.exec_id else 0.0

    @property
    def may_run(self) -> bool:
        """Whether it is worth a look at the board: nothing says that the run is about to end."""
        return time.monotonic() >= self._cancel_at_s

    async def is_over(self) -> bool:
        """Return whether the run is over, or was cancelled just now."""
        context, stop = self._context, self._stop
        blob = await context.batch.execute(context.commands.get_record(stop.run_id))
        if stop.read is None or blob != stop.read[0]:
            is_changed = stop.read is not None
            stop.read = await decode_unless_leased(context, stop.run_id, blob)
            if stop.read is None:
                return False
            if stop.read[1].state in TERMINAL:
                return True
            if is_changed:
                self._cancel_at_s = 0.0
        if not self.may_run:
            return False
        by, why = stop.intent.by, stop.intent.why
        answer = await cancel_waiting(context, *stop.read, by, why, time.time())
        self._cancel_at_s = time.monotonic() + self._again_s
        return answer == "ok"
