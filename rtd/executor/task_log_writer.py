"""The process that writes the task log: each entry becomes records of the logger `rtd.task`.

There is one per node, forked from the zygote like an executor, so it has the app's handlers; its
stdout and stderr are the daemon's own. It takes entries from Redis in their order and acknowledges
them when their records are written. So no entry is lost if the process dies. Its successor may
write the last entries again; handlers that store the numbers of entries skip duplicates.
"""

from collections.abc import Iterator
from typing import Final

from rtd.common.errors import StoreError, StoreGone
from rtd.common.format_units import format_count
from rtd.common.stdlib.originals import time
from rtd.executor.core.executor_options import ExecutorOptions
from rtd.executor.core.exit_codes import EXIT_FENCED, EXIT_RETIRED
from rtd.executor.core.wait_readable import wait_readable
from rtd.executor.output.stdio_router import STDIO
from rtd.executor.runs.process_hooks import ProcessHooks, has_hooks
from rtd.model.lanes import LOG_LANE
from rtd.model.task_log_entry import LogRow, TaskLogEntry
from rtd.process.board.slot import Slot
from rtd.process.events.executor_signals import ExecutorSignals
from rtd.process.fork.process_title import set_title
from rtd.session.context.run_context import FAULTS
from rtd.session.session import Session
from rtd.session.task_log import redis_handler
from rtd.session.task_log.emitter import Emitter
from rtd.store.commands.commands import StoreCommands
from rtd.store.commands.stored_records import readable_record
from rtd.store.commands.task_log import LogReadReply
from rtd.store.connection.blocking import RedisConnection
from rtd.store.connection.command import RedisCommand

#: Entries that are taken at once.
_BATCH: Final = 200
#: While retiring it goes on for so long at most while entries come; its successor has the rest.
_LAST_WORDS_S: Final = 5.0
#: An entry is left out when so many processes have ended by themselves while writing it,
_MOST_ENDS: Final = 3
#: or so many have ended in any way: a user who kills them hits the same entry by chance a few
#: times, a handler that the kernel kills (for want of memory) hits it always.
_MOST_KILLS: Final = 20
_RETRY_S: Final = 0.1
#: Seconds between two reports of the same fault.
_FAULT_S: Final = 0.5


class TaskLogWriter:
    """One incarnation of the process.

    Args:
        exec_id: its id among the executors.
        slot: on the board; says when to leave.
    """

    def __init__(
        self, exec_id: str, slot: Slot, options: ExecutorOptions, signals: ExecutorSignals
    ) -> None:
        self._exec_id = exec_id
        self._slot = slot
        self._options = options
        self._commands = StoreCommands(options.namespace)
        self._signals = signals
        self._connection: RedisConnection | None = None
        self._emitter = Emitter()
        self._done: int | None = None
        self._careful = 0
        self._leave_at_s: float | None = None
        self._quiet_until: dict[tuple[str, str], float] = {}

    def run(self) -> int:
        """Write entries until retired or fenced off. Returns the exit code."""
        set_title("log")
        while True:
            try:
                code = self._turn()
            except StoreGone:
                self._drop_connection()
                if self._slot.retiring:  # its successor goes on when Redis is back
                    return EXIT_RETIRED
                self._pause()
            except StoreError as error:
                self.report_fault("log", "Redis", error.sentence, False)
                self._pause()
            else:
                if code is not None:
                    self._emitter.close()
                    return code

    def _turn(self) -> int | None:
        """Take entries and write them, or wait for some. Returns the exit code at the end."""
        connection = self._connected()
        read: LogReadReply = connection.execute(
            self._commands.log_read(self._options.node, self._exec_id, self._done, _BATCH)
        )
        if read.lost:
            text = f"{read.lost:,} actions were not logged: 1,000,000 waited already"
            self.report_fault("log", "entries", text, False)
        if read.what == "fenced":
            return EXIT_FENCED
        if read.entries and not self._is_time_to_leave():
            self._write(connection, self._as_careful(read))
            return None
        if self._slot.retiring:
            return EXIT_RETIRED
        node_bell = self._commands.log_bell_key(self._options.node)
        own_bell = self._commands.bell_key(self._exec_id)
        self._wait_for(connection, own_bell if read.what == "busy" else node_bell)
        return None

    def _is_time_to_leave(self) -> bool:
        if not self._slot.retiring:
            return False
        now_s = time.monotonic()
        if self._leave_at_s is None:
            self._leave_at_s = now_s + _LAST_WORDS_S
        return now_s >= self._leave_at_s

    def _as_careful(self, read: LogReadReply) -> list[tuple[int, bytes]]:
        """Return the entries to write now: one by one if earlier processes have ended over them.

        So little is written twice, and the entry that ends its writer is found and left out.
        """
        if read.tries > 1:
            self._careful = _BATCH
        if not self._careful:
            return read.entries
        self._careful -= 1
        first = read.entries[0]
        earlier = read.tries - 1
        if earlier - read.ended >= _MOST_ENDS or earlier >= _MOST_KILLS:
            entry = TaskLogEntry.unpack(first[1])
            text = f"run {entry.run_id} of {entry.task!r} is not logged: the process of the log"
            self.report_fault(
                "log", "handlers", f"{text} ended {format_count(earlier, 'time')} over it", False
            )
            return [(first[0], b"")]
        return [first]

    # -- entries -----------------------------------------------------------------------------

    def _write(self, connection: RedisConnection, entries: list[tuple[int, bytes]]) -> None:
        """Make records of entries; an empty entry has none."""
        for _, blob in entries:
            if not blob:
                continue
            for row in self._rows(connection, blob):
                self._emitter.emit(row)
        STDIO.flush()
        self._emitter.flush()
        keep: list[RedisCommand] = []
        node = self._options.node
        for handler in self._emitter.store_handlers:
            if handler.pending():
                keep += self._commands.log_store(node, handler.where, handler.pending())
        if keep:
            connection.execute_all(*keep)
        for handler in self._emitter.store_handlers:
            handler.clear()
        self._done = entries[-1][0]

    def _rows(self, connection: RedisConnection, blob: bytes) -> Iterator[LogRow]:
        entry = TaskLogEntry.unpack(blob)
        if entry.is_cut:
            blob = connection.execute(self._commands.get_record(entry.run_id))
            record = readable_record(entry.run_id, blob)
            if record is not None:
                entry = entry.with_record(record.attempts, record.end)
        return entry.rows()

    def report_fault(self, kind: str, what: str, message: str, halts: bool) -> None:
        """Report an error of a handler, for `rtctl status`. Reports a handler that raises at each
        record only now and then; a report that is lost while Redis is away comes again."""
        now_at = time.time()
        if now_at < self._quiet_until.get((kind, what), 0.0):
            return
        self._quiet_until[kind, what] = now_at + _FAULT_S
        node = self._options.node
        try:
            call = self._commands.record_fault(node, kind, what, message, now_at, halts=halts)
            self._connected().execute(call)
        except StoreGone:
            self._drop_connection()
        except StoreError:
            pass  # reported again when Redis takes commands again

    # -- Redis -------------------------------------------------------------------------------

    def _connected(self) -> RedisConnection:
        if self._connection is None:
            self._connection = RedisConnection.connect(self._options.store_url, timeout_s=0.5)
        return self._connection

    def _drop_connection(self) -> None:
        if self._connection is not None:
            self._connection.close()
        self._connection = None

    def _wait_for(self, connection: RedisConnection, bell: str) -> None:
        """Wait until the bell rings or a signal comes."""
        self._signals.arm_wakeup()
        if self._slot.retiring:  # the signal came before the wait
            return
        connection.blpop_start(bell)
        if not connection.blpop_poll(None, (self._signals.wakeup_fd,)).answered:
            self._signals.drain()
            connection.blpop_cancel()

    def _pause(self) -> None:
        self._signals.arm_wakeup()
        wait_readable((self._signals.wakeup_fd,), _RETRY_S)
        self._signals.drain()


def run_log_writer(
    exec_id: str, slot: Slot, options: ExecutorOptions, session: Session | None
) -> int:
    """Write the log of a node until retired. Returns the exit code.

    Its handlers are code of the app, so the app's hooks are called around it.
    """
    signals = ExecutorSignals()
    writer = TaskLogWriter(exec_id, slot, options, signals)
    FAULTS.sink = writer.report_fault
    if session is None or not has_hooks(session):
        return writer.run()
    hooks = ProcessHooks(session, LOG_LANE, exec_id, slot, signals, writer.report_fault)
    hooks.start()
    code = writer.run()
    hooks.stop(code)
    return code


def install_log_reader(options: ExecutorOptions) -> None:
    """Let the app in an executor read the stored log from Redis."""

    def read(
        where: redis_handler.LogStore, since_at: float | None, until_at: float | None
    ) -> Iterator[LogRow]:
        calls = StoreCommands(options.namespace)
        with RedisConnection.connect(options.store_url) as connection:
            found = connection.execute(calls.log_records(options.node, where, since_at, until_at))
        return (LogRow.unpack(blob) for blob in found)

    redis_handler.LOG_READER.reader = read
