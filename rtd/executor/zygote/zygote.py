"""The zygote: has imported the app, forks executors, is their parent, and hears their end.

One thread, one loop. It obeys the supervisor's notifications and keeps what the supervisor
has not acknowledged, so a supervisor may die and another one come: each new link begins with
a hello that says everything. Nobody else can end it in passing: SIGTERM, SIGINT and SIGHUP are
for the supervisor to answer, and are ignored here.
"""

import selectors
import time
from typing import Final

from rtd.executor.zygote.command_handler import CommandHandler
from rtd.executor.zygote.executor_manager import ExecutorManager, ZygoteOptions
from rtd.executor.zygote.executor_table import ExecutorMain
from rtd.executor.zygote.import_app import ImportedApp
from rtd.executor.zygote.supervisor_connection import SupervisorConnection
from rtd.process.board.board import Board
from rtd.process.events.signals import SIGCHLD, SIGHUP, SIGINT, SIGTERM, SignalInbox

__all__ = ["Zygote"]

#: How long the last words to the supervisor may take.
_FAREWELL_S: Final = 2.0


class Zygote:
    """The loop. Construct it after the app was imported, then `run`.

    Args:
        options: what it was started with.
        app: what became of the import. main: what executors do.
        board: mapped. link: to the supervisor, not yet connected.
    """

    def __init__(
        self,
        options: ZygoteOptions,
        app: ImportedApp,
        main: ExecutorMain,
        board: Board,
        link: SupervisorConnection,
    ) -> None:
        self._orphan_s = options.orphan_s
        self._connection = link
        self._manager = ExecutorManager(options, app, main, board, link, self._close_in_child)
        self._handler = CommandHandler(self._manager, self._quit)
        self._inbox = SignalInbox(SIGCHLD, SIGTERM, SIGINT, SIGHUP)
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._inbox, selectors.EVENT_READ)
        self._watched_link = -1
        self._done = False
        self._connect_at_s = 0.0
        self._alone_since_s = time.monotonic()

    def run(self) -> None:
        """Serve until `quit`, or until a drained or orphaned zygote has nobody left."""
        while not self._done:
            self._connect(time.monotonic())
            self._watch_link()
            for key, _ in self._selector.select(self._timeout_s(time.monotonic())):
                if key.fileobj is self._inbox:
                    self._inbox.read_signals()
                else:
                    self._handle_messages()
            self._manager.reap_executors()
            self._manager.fork_spares(time.monotonic())
            self._consider_end(time.monotonic())
        self._connection.flush_and_close(_FAREWELL_S)

    def _timeout_s(self, now_s: float) -> float | None:
        """How long nothing needs to be done by the clock."""
        moments = []
        if not self._connection.connected:
            moments.append(self._connect_at_s)
            if self._orphan_s is not None and not self._manager.draining:
                moments.append(self._alone_since_s + self._orphan_s)
        due_s = self._manager.spares.next_due_s()
        if due_s is not None:
            moments.append(due_s)
        return max(0.0, min(moments) - now_s) if moments else None

    def _connect(self, now_s: float) -> None:
        if self._connection.connected or now_s < self._connect_at_s:
            return
        if self._connection.connect():
            self._connection.send("hello", self._manager.hello())
        else:
            self._connect_at_s = now_s + self._connection.retry_s

    def _watch_link(self) -> None:
        """Have the selector follow what the link is: gone, new, or with unsent bytes."""
        if self._watched_link >= 0:
            self._selector.unregister(self._watched_link)
            self._watched_link = -1
        if self._connection.connected:
            events = selectors.EVENT_READ
            if self._connection.wants_write:
                events |= selectors.EVENT_WRITE
            self._watched_link = self._connection.fileno()
            self._selector.register(self._watched_link, events)

    def _handle_messages(self) -> None:
        self._connection.flush()
        for message in self._connection.receive():
            self._handler.handle(message.method, message.params)
        if not self._connection.connected:
            self._alone_since_s = self._connect_at_s = time.monotonic()

    def _consider_end(self, now_s: float) -> None:
        household = self._manager
        alone_s = 0.0 if self._connection.connected else now_s - self._alone_since_s
        orphaned = self._orphan_s is not None and alone_s >= self._orphan_s
        if orphaned and not household.draining:
            household.drain()
            for living in household.table:
                household.table.retire(living)
        brood = household.table
        if household.draining and not brood and (orphaned or not brood.exits):
            self._done = True

    def _quit(self) -> None:
        self._done = True

    def _close_in_child(self) -> None:
        """In a forked child: let go of what is the zygote's."""
        self._connection.close()
        self._selector.close()
        self._inbox.close()
