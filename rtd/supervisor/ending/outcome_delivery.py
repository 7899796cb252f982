"""Delivers to the app's middleware how attempts ended that rtd itself has ended: kills, losses,
expiries.

Redis keeps an entry for each, in their order, until a run of rtd's own in lane `process` has
delivered it. So middleware hears of each at least once, over restarts and losses, and of those of
one run in their order. While the app does not import, the entries wait.
"""

from collections.abc import Sequence
from typing import Final

from rtd.common.format_units import format_count
from rtd.model.internal_tasks import OUTCOMES_TASK
from rtd.model.run_states import RunState
from rtd.store.commands.ended_runs import UndeliveredOutcome
from rtd.store.commands.stored_records import readable_record
from rtd.supervisor.core.context import SupervisorContext
from rtd.supervisor.core.jobs import ChangeSignal, SingleFlight
from rtd.supervisor.runs.internal_runs import InternalRunOutcome, InternalRuns

#: Entries that one run delivers.
_BATCH: Final = 20
#: How long that may take.
DELIVERY_S: Final = 30.0
#: An entry is left out when so many runs that had it alone have been lost.
_MOST_TRIES: Final = 3
_LANE: Final = "process"


class OutcomeDelivery:
    """The entries of this node.

    Args:
        context: what the parts of the supervisor share.
        internal_runs: carries out the runs that deliver.

    Attributes:
        changes: notified when some have been delivered.
        left_out: how many middleware did not hear of, because it hangs or ends its process.
    """

    def __init__(self, context: SupervisorContext, internal_runs: InternalRuns) -> None:
        self._context = context
        self._internal_runs = internal_runs
        self._delivering = SingleFlight(
            context.jobs, "delivering outcomes to middleware", self._deliver_all
        )
        self.changes = ChangeSignal()
        self.left_out = 0
        self._served = False
        #: How many runs have been lost over the first entry, which goes alone then.
        self._tries = 0

    def on_app_change(self) -> None:
        """Keep entries, or no more, as the app that serves now wants it."""
        self._served = True
        self._context.jobs.start(self._switch(), "switching what middleware hears of")

    def on_notification(self, _rest: str = "") -> None:
        """Deliver the first entry: there was none before."""
        self._delivering.request()

    def resync(self) -> None:
        """Deliver all that wait."""
        self._delivering.request()

    async def is_left(self) -> bool:
        """Return whether something is left that can be delivered. Raises StoreGone."""
        call = self._context.commands.list_undelivered(self._context.config.node, 1)
        return self._may_deliver and bool(await self._context.execute(call))

    async def _switch(self) -> None:
        context = self._context
        on = context.manifest.info.hears_outcomes
        await context.retry(
            lambda: context.execute(context.commands.watch_outcomes(context.config.node, on))
        )
        if on:
            self._delivering.request()

    @property
    def _may_deliver(self) -> bool:
        context = self._context
        hears = context.manifest.info.hears_outcomes
        return self._served and hears and not context.gate.is_draining

    async def _deliver_all(self) -> None:
        context = self._context
        while self._may_deliver:
            size = 1 if self._tries else _BATCH
            call = context.commands.list_undelivered(context.config.node, size)
            entries: list[UndeliveredOutcome] = await context.execute(call)
            if not entries:
                return
            await self._deliver(entries)

    async def _deliver(self, entries: Sequence[UndeliveredOutcome]) -> None:
        """Deliver some entries, and forget those that have been delivered."""
        records = [await self._record_of(entry) for entry in entries]
        readable = [entry for entry, blob in zip(entries, records, strict=True) if blob]
        last = entries[-1]
        if readable:
            ended = await self._internal_runs.run(
                OUTCOMES_TASK, {"records": [blob for blob in records if blob]}, DELIVERY_S,
                lane=_LANE,
            )  # fmt: skip
            delivered = self._count(ended, readable)
            if not delivered:
                return
            if delivered < len(readable):
                last = readable[delivered - 1]
        self._tries = 0
        await self._forget(last)
        self.changes.notify()

    def _count(self, ended: InternalRunOutcome, entries: Sequence[UndeliveredOutcome]) -> int:
        """Return how many entries are over after a run that had them: those that it has delivered;
        when it was lost, none, or one that must be left out."""
        if ended.result is not None:
            return int(ended.result["delivered"])
        if len(entries) > 1:
            self._tries = 1
            return 0
        if ended.state is RunState.TERMINATED:  # it was deaf to the end of its time
            self._tries = _MOST_TRIES
        self._tries += 1
        if self._tries <= _MOST_TRIES:
            return 0
        text = f"middleware did not hear how run {entries[0].run_id} ended: {ended.why}"
        self._context.faults.record("middleware", "process_outcome", text)
        self.left_out += 1
        return 1

    async def _record_of(self, entry: UndeliveredOutcome) -> bytes:
        """Return the record of an entry; empty when it is gone or cannot be read."""
        blob = entry.record
        if not blob:
            context = self._context
            blob = await context.execute(context.commands.get_record(entry.run_id)) or b""
        return blob if blob and readable_record(entry.run_id, blob) is not None else b""

    async def _forget(self, last: UndeliveredOutcome) -> None:
        context = self._context
        lost = await context.retry(
            lambda: context.execute(
                context.commands.forget_delivered(context.config.node, last.number)
            )
        )
        if lost:
            text = f"middleware did not hear of {format_count(lost, 'end')}: too many were waiting"
            context.faults.record("middleware", "process_outcome", text)
