"""Reports of an app's code to Redis beside the outcomes: progress, faults, and events."""

from collections import deque
from typing import Final

from rtd.common.errors import StoreError, StoreGone
from rtd.common.stdlib.originals import time
from rtd.executor.core.executor_connections import ExecutorConnections
from rtd.store.commands.commands import StoreCommands
from rtd.store.connection.blocking import RedisConnection
from rtd.store.connection.command import RedisCommand

#: Faults and events that wait at most for a Redis that is away; beyond it the oldest go.
_WAITING: Final = 1_000


class AppReports:
    """The reports of one executor.

    Args:
        node: the executor's.
    """

    def __init__(
        self, connections: ExecutorConnections, commands: StoreCommands, node: str, exec_id: str
    ) -> None:
        self._connections = connections
        self._commands = commands
        self._node = node
        self._exec_id = exec_id
        self._waiting: deque[RedisCommand] = deque(maxlen=_WAITING)

    def report_progress(self, run_id: str, blob: bytes) -> None:
        """Write how far a run is. Lost when Redis is gone: the next report replaces it anyway."""
        self._connections.execute(self._commands.set_progress(self._exec_id, run_id, blob))

    def report_fault(self, kind: str, what: str, message: str, halts: bool = False) -> None:
        """Report a failure of the app, see `AppFault`, now or as soon as Redis is back; with
        `halts` it halts the schedule."""
        now_at = time.time()
        self._report(
            self._commands.record_fault(self._node, kind, what, message, now_at, halts=halts)
        )

    def publish_event(self, run_id: str, task: str, event: bytes) -> None:
        """Publish an event of a task, now or as soon as Redis is back."""
        self._report(self._commands.publish_event(self._node, run_id, task, event))

    def _report(self, command: RedisCommand) -> None:
        self._waiting.append(command)
        try:
            self.send_waiting(self._connections.for_commands())
        except StoreGone:
            self._connections.drop()

    def send_waiting(self, connection: RedisConnection) -> None:
        """Send what could not be sent before.

        Raises:
            StoreGone: Redis is away; all wait on.
            StoreError: it refuses one, which is dropped: outcomes must not wait behind it.
        """
        while self._waiting:
            try:
                connection.execute_all(self._waiting[0])
            except StoreError:
                self._waiting.popleft()
                raise
            self._waiting.popleft()
