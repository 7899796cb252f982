"""Faults as the supervisor hears of them: written down in Redis, and logged once each."""

from collections import deque
from collections.abc import Iterable
from contextlib import suppress
from time import time
from typing import TYPE_CHECKING, Final

from rtd.common.errors import StoreGone
from rtd.store.connection.command import Call
from rtd.supervisor.core.log import log

if TYPE_CHECKING:
    from rtd.model.app_info import Fault
    from rtd.store.commands.faults import Noted
    from rtd.supervisor.core.context import Core

#: So many wait for Redis; of more the oldest are only in the log.
_WAITING: Final = 500
#: So many names are remembered as logged.
_TOLD: Final = 1000


class Faults:
    """What of the app's has failed since it was imported.

    Args:
        core: the shared ground.
    """

    def __init__(self, core: "Core") -> None:
        self._core = core
        self._told: set[tuple[str, str]] = set()
        self._waiting: deque[Call] = deque(maxlen=_WAITING)
        self._writing = False

    def note(self, kind: str, what: str, message: str, *, halts: bool = False) -> None:
        """Something of the app's has failed, seen by the supervisor. Returns at once.

        Args:
            kind: `condition`, `parameter`, `hook`, `loader`, `log` or `task`.
            what: names it within its kind.
            message: one line.
            halts: nothing starts by its condition until somebody says `rtctl enable --all`.
        """
        self._note(kind, what, message, time(), halts)

    def begin(self, found: Iterable["Fault"]) -> None:
        """The app has been imported anew: what failed before is forgotten.

        Args:
            found: what failed while it was imported.
        """
        self._told.clear()
        self._put(self._core.calls.clear_faults(self._core.config.node))
        for fault in found:
            self._note(fault.kind, fault.what, fault.message, fault.at, False)

    def rung(self, field: str) -> None:
        """An executor has noted one that is new: `kind|what`."""
        kind, _, what = field.partition("|")
        if (kind, what) not in self._told:
            self._core.jobs.start(self._read(field), "reading a fault")

    async def kept(self) -> list["Noted"]:
        """All, the latest first. Raises StoreGone."""
        core = self._core
        found: list[Noted] = await core.ask(core.calls.faults(core.config.node))
        return found

    async def _read(self, field: str) -> None:
        core = self._core
        noted: Noted | None = None
        with suppress(StoreGone):  # it is kept, and status tells it
            noted = await core.ask(core.calls.fault(core.config.node, field))
        if noted is not None:
            self._tell(noted.kind, noted.what, noted.message)

    def _tell(self, kind: str, what: str, message: str) -> None:
        if (kind, what) not in self._told:
            if len(self._told) >= _TOLD:
                self._told.clear()
            self._told.add((kind, what))
            log.warning("fault of the app: %s %s: %s", kind, what, message)

    def _note(self, kind: str, what: str, message: str, at: float, halts: bool) -> None:
        core = self._core
        self._tell(kind, what, message)
        node = core.config.node
        self._put(core.calls.note_fault(node, kind, what, message, at, halts=halts))

    def _put(self, call: Call) -> None:
        self._waiting.append(call)
        if not self._writing:
            self._writing = True
            self._core.jobs.start(self._write(), "noting faults")

    async def _write(self) -> None:
        try:
            while self._waiting:
                try:
                    await self._core.ask(self._waiting[0])
                except StoreGone:
                    await self._core.redis_back()
                else:
                    self._waiting.popleft()
        finally:
            self._writing = False
