"""The zygote: has imported the app, forks executors, is their parent, and reaps them.

One thread, one loop. It carries out the supervisor's commands and keeps each exit until the
supervisor has acknowledged it, so a supervisor may die and another one come: each new
connection begins with a hello that says everything. Only the supervisor ends a zygote: SIGTERM,
SIGINT and SIGHUP are ignored here, since the supervisor answers them.
"""

from typing import Final, NamedTuple

from rtd.common.stdlib.originals import selectors, time
from rtd.executor.zygote.board_slots import BoardSlots
from rtd.executor.zygote.command_handler import CommandHandler
from rtd.executor.zygote.executor_table import (
    ExecutorMain,
    ExecutorTable,
)
from rtd.executor.zygote.import_app import ImportedApp
from rtd.executor.zygote.supervisor_connection import SupervisorConnection
from rtd.process.board.board import Board
from rtd.process.events.signals import SIGCHLD, SIGHUP, SIGINT, SIGTERM, SignalInbox

__all__ = ["Zygote", "ZygoteOptions"]

#: How long the last messages to the supervisor may take.
_FAREWELL_S: Final = 2.0


class ZygoteOptions(NamedTuple):
    """The options of a zygote.

    Attributes:
        generation: its number among the zygotes of a daemon.
        slots: (lo, hi): it hands out the slots [lo, hi) of the board.
        orphan_s: retire the executors and end when no supervisor has come for so many
            seconds; None: wait for ever.
    """

    generation: int
    slots: tuple[int, int]
    orphan_s: float | None = None


class Zygote:
    """The loop. Construct it after the app was imported, then `run`.

    Args:
        app: the imported app, or why it does not import.
        main: the body of an executor.
        connection: to the supervisor, not yet connected.
    """

    def __init__(
        self,
        options: ZygoteOptions,
        app: ImportedApp,
        main: ExecutorMain,
        board: Board,
        connection: SupervisorConnection,
    ) -> None:
        self._options = options
        self._connection = connection
        slots = BoardSlots(board, options.slots)
        table = ExecutorTable(slots, app.session, main, app.helpers, self._close_in_child)
        self._handler = CommandHandler(app, table, connection)
        self._inbox = SignalInbox(SIGCHLD, SIGTERM, SIGINT, SIGHUP)
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._inbox, selectors.EVENT_READ)
        self._watched_fd = -1
        self._connect_at_s = 0.0
        self._alone_since_s = time.monotonic()

    def run(self) -> None:
        """Serve until `quit`, or until a drained or orphaned zygote has no executor left."""
        while not self._is_over(time.monotonic()):
            self._connect(time.monotonic())
            self._watch_connection()
            for key, _ in self._selector.select(self._timeout_s(time.monotonic())):
                if key.fileobj is self._inbox:
                    self._inbox.read_signals()
                else:
                    self._handle_messages()
            self._handler.reap()
            self._handler.fork_spares(time.monotonic())
        self._connection.flush_and_close(_FAREWELL_S)

    def _timeout_s(self, now_s: float) -> float | None:
        """Return how long nothing needs to be done by the clock."""
        moments = []
        if not self._connection.connected:
            moments.append(self._connect_at_s)
            if self._options.orphan_s is not None and not self._handler.draining:
                moments.append(self._alone_since_s + self._options.orphan_s)
        due_s = self._handler.spares.next_due_s()
        if due_s is not None:
            moments.append(due_s)
        return max(0.0, min(moments) - now_s) if moments else None

    def _connect(self, now_s: float) -> None:
        if self._connection.connected or now_s < self._connect_at_s:
            return
        if self._connection.connect():
            self._connection.send(
                self._handler.hello(self._options.generation, self._options.slots)
            )
        else:
            self._connect_at_s = now_s + self._connection.retry_s

    def _watch_connection(self) -> None:
        """Have the selector follow the connection: lost, new, or with unsent bytes."""
        if self._watched_fd >= 0:
            self._selector.unregister(self._watched_fd)
            self._watched_fd = -1
        if self._connection.connected:
            events = selectors.EVENT_READ
            if self._connection.wants_write:
                events |= selectors.EVENT_WRITE
            self._watched_fd = self._connection.fileno()
            self._selector.register(self._watched_fd, events)

    def _is_over(self, now_s: float) -> bool:
        handler, table = self._handler, self._handler.table
        alone_s = 0.0 if self._connection.connected else now_s - self._alone_since_s
        orphaned = self._options.orphan_s is not None and alone_s >= self._options.orphan_s
        if orphaned and not handler.draining:
            handler.drain()
            for executor in table:
                table.retire(executor)
        drained = handler.draining and not table and (orphaned or not table.exits)
        return handler.quitting or drained

    def _close_in_child(self) -> None:
        """In a forked child: close what only the zygote may have."""
        self._connection.close()
        self._selector.close()
        self._inbox.close()

    def _handle_messages(self) -> None:
        self._connection.flush()
        for message in self._connection.receive():
            self._handler.handle(message.method, message.params)
        if not self._connection.connected:
            self._alone_since_s = self._connect_at_s = time.monotonic()
