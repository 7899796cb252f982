"""Records the faults of the app: in Redis, and once each in the log."""

from collections import deque
from collections.abc import Iterable
from contextlib import suppress
from time import time
from typing import Final

from rtd.common.errors import StoreGone
from rtd.model.app_info import AppFault
from rtd.store.commands.app_reports import FaultRecord
from rtd.store.commands.commands import StoreCommands
from rtd.store.connection.async_ import AsyncRedisConnection
from rtd.store.connection.command import RedisCommand
from rtd.supervisor.core.jobs import Jobs, SingleFlight
from rtd.supervisor.core.log import log
from rtd.supervisor.core.retry import retry_until_redis_answers

#: At most this many wait for Redis; when there are more, the oldest are only in the log.
_WAITING: Final = 500
#: At most this many names are remembered as logged.
_TOLD: Final = 1000


class FaultRecorder:
    """The failures of the app's own code since it was imported.

    Args:
        redis: the supervisor's connection.
        commands: of the store.
        jobs: run in the background.
        node: the name of this daemon's node.
    """

    def __init__(
        self, redis: AsyncRedisConnection, commands: StoreCommands, jobs: Jobs, node: str
    ) -> None:
        self._redis = redis
        self._commands = commands
        self._jobs = jobs
        self._node = node
        self._logged: set[tuple[str, str]] = set()
        self._waiting: deque[RedisCommand] = deque(maxlen=_WAITING)
        self._writer = SingleFlight(jobs, "noting faults", self._write)

    def record(self, kind: str, what: str, message: str, *, halts: bool = False) -> None:
        """Record a failure of the app that the supervisor has seen. Returns at once.

        Args:
            kind: `condition`, `parameter`, `hook`, `loader`, `log`, `settings`, `task` or
                `timezone`.
            what: names it within its kind.
            message: one line.
            halts: no task starts by its condition until a user says `rtctl enable --all`.
        """
        self._record(kind, what, message, time(), halts)

    def reset(self, faults: Iterable[AppFault]) -> None:
        """Forget earlier faults: the app has been imported again.

        Args:
            faults: those of this import.
        """
        self._logged.clear()
        self._put(self._commands.clear_faults(self._node))
        for fault in faults:
            self._record(fault.kind, fault.what, fault.message, fault.at, False)

    def forget(self, kind: str, what: str) -> None:
        """Forget a failure that is over. Returns at once."""
        self._logged.discard((kind, what))
        self._put(self._commands.forget_fault(self._node, kind, what))

    def on_notification(self, field: str) -> None:
        """Log a new fault that an executor has recorded: `kind|what`."""
        kind, _, what = field.partition("|")
        if (kind, what) not in self._logged:
            self._jobs.start(self._read(field), "reading a fault")

    def resync(self) -> None:
        """Write those that wait, after a writer that has failed."""
        if self._waiting:
            self._writer.request()

    async def list_faults(self) -> list[FaultRecord]:
        """Return all faults, the latest first. Raises StoreGone."""
        found: list[FaultRecord] = await self._redis.execute(self._commands.list_faults(self._node))
        return found

    async def _read(self, field: str) -> None:
        fault: FaultRecord | None = None
        with suppress(StoreGone):  # it is in Redis, and `status` shows it
            fault = await self._redis.execute(self._commands.get_fault(self._node, field))
        if fault is not None:
            self._log_once(fault.kind, fault.what, fault.message)

    def _log_once(self, kind: str, what: str, message: str) -> None:
        if (kind, what) not in self._logged:
            if len(self._logged) >= _TOLD:
                self._logged.clear()
            self._logged.add((kind, what))
            log.warning("fault of the app: %s %s: %s", kind, what, message)

    def _record(self, kind: str, what: str, message: str, at: float, halts: bool) -> None:
        self._log_once(kind, what, message)
        call = self._commands.record_fault(self._node, kind, what, message, at, halts=halts)
        self._put(call)

    def _put(self, call: RedisCommand) -> None:
        self._waiting.append(call)
        self._writer.request()

    async def _write(self) -> None:
        while self._waiting:
            await retry_until_redis_answers(
                self._redis.connected, lambda: self._redis.execute(self._waiting[0])
            )
            self._waiting.popleft()
