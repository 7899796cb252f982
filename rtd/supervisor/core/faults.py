"""Faults as the supervisor hears of them: written down in Redis, and logged once each."""

from collections import deque
from collections.abc import Iterable
from contextlib import suppress
from time import time
from typing import TYPE_CHECKING, Final

from rtd.common.errors import StoreGone
from rtd.store.connection.command import RedisCommand
from rtd.supervisor.core.log import log

if TYPE_CHECKING:
    from rtd.model.app_info import AppFault
    from rtd.store.commands.faults import FaultRecord
    from rtd.supervisor.core.context import SupervisorContext

#: So many wait for Redis; of more the oldest are only in the log.
_WAITING: Final = 500
#: So many names are remembered as logged.
_TOLD: Final = 1000


class FaultRecorder:
    """What of the app's has failed since it was imported.

    Args:
        context: what the parts of the supervisor share.
    """

    def __init__(self, context: "SupervisorContext") -> None:
        self._context = context
        self._logged: set[tuple[str, str]] = set()
        self._waiting: deque[RedisCommand] = deque(maxlen=_WAITING)
        self._writing = False

    def record(self, kind: str, what: str, message: str, *, halts: bool = False) -> None:
        """Something of the app's has failed, seen by the supervisor. Returns at once.

        Args:
            kind: `condition`, `parameter`, `hook`, `loader`, `log` or `task`.
            what: names it within its kind.
            message: one line.
            halts: nothing starts by its condition until somebody says `rtctl enable --all`.
        """
        self._record(kind, what, message, time(), halts)

    def reset(self, found: Iterable["AppFault"]) -> None:
        """The app has been imported anew: what failed before is forgotten.

        Args:
            found: what failed while it was imported.
        """
        self._logged.clear()
        self._put(self._context.commands.clear_faults(self._context.config.node))
        for fault in found:
            self._record(fault.kind, fault.what, fault.message, fault.at, False)

    def on_notification(self, field: str) -> None:
        """An executor has noted one that is new: `kind|what`."""
        kind, _, what = field.partition("|")
        if (kind, what) not in self._logged:
            self._context.jobs.start(self._read(field), "reading a fault")

    async def list_faults(self) -> list["FaultRecord"]:
        """All, the latest first. Raises StoreGone."""
        context = self._context
        found: list[FaultRecord] = await context.execute(
            context.commands.list_faults(context.config.node)
        )
        return found

    async def _read(self, field: str) -> None:
        context = self._context
        noted: FaultRecord | None = None
        with suppress(StoreGone):  # it is kept, and status tells it
            noted = await context.execute(context.commands.get_fault(context.config.node, field))
        if noted is not None:
            self._log_once(noted.kind, noted.what, noted.message)

    def _log_once(self, kind: str, what: str, message: str) -> None:
        if (kind, what) not in self._logged:
            if len(self._logged) >= _TOLD:
                self._logged.clear()
            self._logged.add((kind, what))
            log.warning("fault of the app: %s %s: %s", kind, what, message)

    def _record(self, kind: str, what: str, message: str, at: float, halts: bool) -> None:
        context = self._context
        self._log_once(kind, what, message)
        node = context.config.node
        self._put(context.commands.record_fault(node, kind, what, message, at, halts=halts))

    def _put(self, call: RedisCommand) -> None:
        self._waiting.append(call)
        if not self._writing:
            self._writing = True
            self._context.jobs.start(self._write(), "noting faults")

    async def _write(self) -> None:
        try:
            while self._waiting:
                try:
                    await self._context.execute(self._waiting[0])
                except StoreGone:
                    await self._context.wait_redis()
                else:
                    self._waiting.popleft()
        finally:
            self._writing = False
