"""Handles the reports of the zygotes and updates the registry."""

import time
from collections.abc import Callable
from typing import Any, Protocol

from rtd.common.ids import is_id
from rtd.model.manifest import Manifest
from rtd.process.board.board import SLOTS
from rtd.process.tree.process_identity import same_process
from rtd.protocol import zygote_messages as messages
from rtd.supervisor.core.context import SupervisorContext
from rtd.supervisor.core.executor_registry import ExecutorEntry, ExecutorExit, ExecutorPhase
from rtd.supervisor.core.log import log
from rtd.supervisor.pools.zygote_connection import ZygoteConnection
from rtd.supervisor.pools.zygote_registry import ZygoteRecord, ZygoteRegistry


class ZygoteListener(Protocol):
    """The parts that act on the reports of the zygotes."""

    def on_executor_start(self, executor: ExecutorEntry) -> None:
        """Handle an executor that has started."""

    def on_executor_exit(self, zygote: ZygoteRecord, gone: ExecutorExit) -> None:
        """Handle an executor that has ended; its zygote keeps the status until `ForgetCommand`."""

    def on_zygote_exit(self, zygote: ZygoteRecord) -> None:
        """Handle a zygote whose process has ended."""


class ZygoteHandler:
    """Takes in each report.

    Args:
        context: what the parts of the supervisor share: executors are entered there.
        registry: the living zygotes.
        listener: called for executors that start or end.
        retire: called with a zygote that must fork nothing more.
    """

    def __init__(
        self,
        context: SupervisorContext,
        registry: ZygoteRegistry,
        listener: ZygoteListener,
        retire: Callable[[ZygoteRecord], None],
    ) -> None:
        self._context = context
        self._registry = registry
        self._listener = listener
        self._retire = retire
        self._by_connection: dict[ZygoteConnection, ZygoteRecord] = {}
        #: For each report but the hello.
        self._handlers: dict[Any, Callable[[ZygoteRecord, Any], None]] = {
            messages.StartReport: self._add_executor,
            messages.ExitReport: self._on_exit,
            messages.ErrorReport: self._on_error,
        }

    def new_connection(self) -> ZygoteConnection:
        """Return one more connection from a zygote; its hello says from which."""
        return ZygoteConnection(self._on_message, self._on_connection_lost)

    def _on_message(self, connection: ZygoteConnection, name: str, params: dict[str, Any]) -> None:
        zygote = self._by_connection.get(connection)
        try:
            report = messages.decode(messages.REPORTS, name, params)
        except messages.BadZygoteMessage as error:
            pid = "?" if zygote is None else zygote.pid
            log.warning("zygote %s sent a message that cannot be read: %s", pid, error.sentence)
            return
        if isinstance(report, messages.HelloReport):
            self._on_hello(connection, report)
        elif zygote is None:
            log.error("a zygote sent %s before hello", name)
            connection.close()
        else:
            self._handlers[type(report)](zygote, report)

    def _on_connection_lost(self, connection: ZygoteConnection) -> None:
        zygote = self._by_connection.pop(connection, None)
        if zygote is not None and zygote.connection is connection:
            zygote.connection = None

    def _on_exit(self, zygote: ZygoteRecord, report: messages.ExitReport) -> None:
        self._listener.on_executor_exit(zygote, ExecutorExit.from_report(report))

    def _on_error(self, zygote: ZygoteRecord, report: messages.ErrorReport) -> None:
        log.warning("zygote %d: %s", zygote.pid, report.message)

    def _on_hello(self, connection: ZygoteConnection, hello: messages.HelloReport) -> None:
        """Take in what a zygote that has (re)connected has below it."""
        zygote = self._registry.of_generation(hello.generation)
        fault = self._hello_fault(zygote, connection, hello)
        if fault is not None:
            log.error("a hello from pid %d is refused: %s", connection.peer_pid, fault)
            connection.close()
            return
        unexpected = zygote is None and self._registry.current is not None
        if zygote is None:
            lo, hi = hello.slots
            zygote = ZygoteRecord(hello.generation, hello.app, lo, hi)
            self._registry.add(zygote)
        zygote.pid, zygote.ticks = hello.pid, hello.ticks
        zygote.connection = connection
        self._by_connection[connection] = zygote
        for warning in hello.warnings:
            log.warning("%s", warning)
        zygote.error = hello.error
        # A supervisor that did not live to see its end has drained it: it forks nothing more.
        zygote.retiring = zygote.retiring or hello.draining
        data = hello.manifest
        zygote.manifest = Manifest.from_dict(data) if data else Manifest.of(zygote.app, ())
        self._context.manifests[zygote.generation] = zygote.manifest
        self._registry.watch_exit(zygote)
        self._registry.save()
        self._compare_executors(zygote, hello)
        zygote.greeted.set()
        if zygote.retiring or unexpected:
            self._retire(zygote)

    def _hello_fault(
        self,
        zygote: ZygoteRecord | None,
        connection: ZygoteConnection,
        hello: messages.HelloReport,
    ) -> str | None:
        """Return why a hello is not believed; None: it is. Every process of this user may connect,
        but only the zygote that was started may speak for it."""
        if connection.peer_pid != hello.pid or not same_process(hello.pid, hello.ticks):
            return f"it says that it is pid {hello.pid}"
        if zygote is not None and zygote.pid != hello.pid:
            return f"generation {hello.generation} is zygote {zygote.pid}"
        lo, hi = hello.slots
        if zygote is not None and (zygote.lo, zygote.hi) != (lo, hi):
            return f"slots {lo} to {hi} are not those of generation {hello.generation}"
        taken = [one for one in self._registry.living if one is not zygote]
        if not 0 <= lo < hi <= SLOTS or any(one.lo < hi and lo < one.hi for one in taken):
            return f"slots {lo} to {hi} belong to another zygote"
        return None

    def _compare_executors(self, zygote: ZygoteRecord, hello: messages.HelloReport) -> None:
        """Compare the zygote's executors with ours: which are new, which have ended meanwhile."""
        for started in hello.executors:
            if started.exec_id not in self._context.executors:
                self._add_executor(zygote, started)
        for report in hello.exits:
            self._on_exit(zygote, report)
        known = {started.exec_id for started in hello.executors}
        known |= {report.exec_id for report in hello.exits}
        for executor in self._context.executors.of_generation(zygote.generation):
            if executor.id not in known:
                gone = ExecutorExit(executor.id, executor.lane, executor.pid, slots_read=False)
                self._listener.on_executor_exit(zygote, gone)

    def _add_executor(self, zygote: ZygoteRecord, report: messages.StartReport) -> None:
        end = report.slot + report.slots
        if not (is_id(report.exec_id) and zygote.lo <= report.slot < end <= zygote.hi):
            log.error("zygote %d reports an executor that it cannot have", zygote.pid)
            return
        executor = ExecutorEntry(
            id=report.exec_id,
            lane=report.lane,
            pid=report.pid,
            ticks=report.ticks,
            slot=report.slot,
            slots=report.slots,
            generation=zygote.generation,
            born_ns=time.monotonic_ns(),
            lane_suffix=report.lane_suffix,
        )
        self._context.executors.add(executor)
        self._listener.on_executor_start(executor)
        if zygote.retiring and zygote.connection is not None:  # it was ordered before
            executor.phase = ExecutorPhase.RETIRING
            zygote.connection.send(messages.RetireCommand(executor.id))
