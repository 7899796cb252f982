"""A fault that halts the schedule, where the app says that it is to."""

from rtd.common.errors import StoreGone
from rtd.store.commands.faults import Halt
from rtd.supervisor.core.context import Core
from rtd.supervisor.core.log import log
from rtd.supervisor.scheduler.scheduler import Scheduler


class Halting:
    """Hears that the schedule is to halt.

    What halts it is in Redis already, so that it is halted after a restart of the supervisor,
    too; a daemon that is started by somebody begins without it.

    Args:
        core: the shared ground.
        scheduler: starts nothing from then on.
    """

    def __init__(self, core: Core, scheduler: Scheduler) -> None:
        self._core = core
        self._scheduler = scheduler

    def rung(self, _field: str) -> None:
        """Something has halted it."""
        self._core.jobs.start(self._halt(), "halting the schedule")

    async def begin(self, adopted: bool) -> None:
        """Before the schedule is read for the first time. Raises StoreGone.

        Args:
            adopted: the app was served before this supervisor.
        """
        core = self._core
        if not adopted and core.scheduling:
            await core.ask(core.calls.clear_halt())

    async def _halt(self) -> None:
        core = self._core
        while True:
            try:
                halt: Halt | None = await core.ask(core.calls.halt())
                break
            except StoreGone:
                await core.redis_back()
        if halt is not None:  # nobody was faster
            self._scheduler.halt()
            log.error(
                "the schedule is halted (`rtctl enable --all` lets it go on): %s %s: %s",
                halt.kind, halt.what, halt.message,
            )  # fmt: skip
