"""A fault that halts the schedule, where the app says that it is to."""

from rtd.store.commands.faults import ScheduleHalt
from rtd.supervisor.core.context import SupervisorContext
from rtd.supervisor.core.log import log
from rtd.supervisor.scheduler.scheduler import TaskScheduler


class HaltHandler:
    """Hears that the schedule is to halt.

    What halts it is in Redis already, so that it is halted after a restart of the supervisor,
    too; a daemon that is started by somebody begins without it.

    Args:
        context: what the parts of the supervisor share.
        scheduler: starts nothing from then on.
    """

    def __init__(self, context: SupervisorContext, scheduler: TaskScheduler) -> None:
        self._context = context
        self._scheduler = scheduler

    def on_notification(self, _field: str) -> None:
        """Something has halted it."""
        self._context.jobs.start(self._halt(), "halting the schedule")

    async def clear_old_halt(self, adopted: bool) -> None:
        """Before the schedule is read for the first time. Raises StoreGone.

        Args:
            adopted: the app was served before this supervisor.
        """
        context = self._context
        if not adopted and context.gate.is_on:
            await context.execute(context.commands.clear_halt())

    async def _halt(self) -> None:
        context = self._context
        halt: ScheduleHalt | None = await context.retry(
            lambda: context.execute(context.commands.get_halt())
        )
        if halt is not None:  # nobody was faster
            self._scheduler.halt()
            log.error(
                "the schedule is halted (`rtctl enable --all` lets it go on): %s %s: %s",
                halt.kind, halt.what, halt.message,
            )  # fmt: skip
