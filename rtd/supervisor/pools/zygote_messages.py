"""What the zygotes say, and what becomes known by it."""

import time
from collections.abc import Callable
from typing import Any, Protocol

from rtd.model.manifest import Manifest
from rtd.supervisor.core.context import SupervisorContext
from rtd.supervisor.core.executor_registry import Executor, ExecutorExit, ExecutorPhase
from rtd.supervisor.core.log import log
from rtd.supervisor.pools.zygote_connection import ZygoteConnection
from rtd.supervisor.pools.zygote_registry import ZygoteRecord, ZygoteRegistry


class ZygoteListener(Protocol):
    """Who is told what the zygotes say."""

    def on_executor_start(self, executor: Executor) -> None:
        """An executor has come to life."""

    def on_executor_exit(self, zygote: ZygoteRecord, gone: ExecutorExit) -> None:
        """An executor has ended; its zygote keeps the status until `ack`."""

    def on_zygote_exit(self, zygote: ZygoteRecord) -> None:
        """A zygote's process has ended."""


class ZygoteHandler:
    """Takes in each notification.

    Args:
        context: what the parts of the supervisor share: executors are entered there.
        roll: who lives. listener: who is told.
        retire: called with a zygote that must fork nothing more.
    """

    def __init__(
        self,
        context: SupervisorContext,
        roll: ZygoteRegistry,
        listener: ZygoteListener,
        retire: Callable[[ZygoteRecord], None],
    ) -> None:
        self._context = context
        self._registry = roll
        self._listener = listener
        self._retire = retire
        self._by_connection: dict[ZygoteConnection, ZygoteRecord] = {}

    def new_connection(self) -> ZygoteConnection:
        """One more connection from a zygote; its first word says of which."""
        return ZygoteConnection(self._on_message, self._on_connection_lost)

    def _on_message(self, link: ZygoteConnection, method: str, params: dict[str, Any]) -> None:
        if method == "hello":
            self._hello(link, params)
            return
        zygote = self._by_connection.get(link)
        if zygote is None:
            log.error("a zygote sent %s before hello", method)
            link.close()
        elif method == "born":
            self._add_executor(zygote, params)
        elif method == "gone":
            self._listener.on_executor_exit(zygote, ExecutorExit.from_frame(params))
        elif method == "error":
            log.warning("zygote %d: %s", zygote.pid, params.get("message"))
        else:
            log.warning("zygote %d sent %r, which nobody knows", zygote.pid, method)

    def _on_connection_lost(self, link: ZygoteConnection) -> None:
        zygote = self._by_connection.pop(link, None)
        if zygote is not None and zygote.connection is link:
            zygote.connection = None

    def _hello(self, link: ZygoteConnection, params: dict[str, Any]) -> None:
        """A zygote has (re)connected: take in what it has below it."""
        generation = int(params["generation"])
        zygote = self._registry.of_generation(generation)
        unexpected = zygote is None and self._registry.current is not None
        if zygote is None:
            lo, hi = params["slots"]
            zygote = ZygoteRecord(generation, params.get("app"), int(lo), int(hi))
            self._registry.add(zygote)
            self._context.board.scan_limit = max(self._context.board.scan_limit, zygote.hi)
        zygote.pid, zygote.ticks = int(params["pid"]), int(params["ticks"])
        zygote.connection = link
        self._by_connection[link] = zygote
        for warning in params.get("warnings") or []:
            log.warning("%s", warning)
        zygote.error = params.get("error")
        # Told to drain by a supervisor that did not live to see its end: it forks nothing more.
        zygote.retiring = zygote.retiring or bool(params.get("draining"))
        data = params.get("manifest")
        zygote.manifest = Manifest.from_dict(data) if data else Manifest.of(zygote.app, ())
        self._context.manifests[generation] = zygote.manifest
        self._registry.watch_exit(zygote)
        self._registry.save()
        self._compare_executors(zygote, params)
        zygote.greeted.set()
        if zygote.retiring or unexpected:
            self._retire(zygote)

    def _compare_executors(self, zygote: ZygoteRecord, params: dict[str, Any]) -> None:
        """Compare the zygote's list with ours: who is new, who has ended meanwhile."""
        named = {str(frame["exec"]) for frame in params.get("executors") or []}
        exits = [ExecutorExit.from_frame(frame) for frame in params.get("exits") or []]
        for frame in params.get("executors") or []:
            if str(frame["exec"]) not in self._context.executors:
                self._add_executor(zygote, frame)
        for gone in exits:
            self._listener.on_executor_exit(zygote, gone)
        ended = {gone.exec_id for gone in exits}
        for executor in self._context.executors.of_generation(zygote.generation):
            if executor.id not in named and executor.id not in ended:
                gone = ExecutorExit(executor.id, executor.lane, executor.pid, slots_read=False)
                self._listener.on_executor_exit(zygote, gone)

    def _add_executor(self, zygote: ZygoteRecord, frame: dict[str, Any]) -> None:
        slots = int(frame.get("slots") or 1)
        executor = Executor(
            id=str(frame["exec"]),
            lane=str(frame["lane"]),
            pid=int(frame["pid"]),
            ticks=int(frame.get("ticks") or 0),
            slot=int(frame["slot"]),
            slots=slots,
            generation=zygote.generation,
            born_ns=time.monotonic_ns(),
            lane_suffix=str(frame.get("lane_suffix") or ""),
        )
        self._context.executors.add(executor)
        self._listener.on_executor_start(executor)
        if zygote.retiring and zygote.connection is not None:  # it was ordered before
            executor.phase = ExecutorPhase.RETIRING
            zygote.connection.send("retire", exec=executor.id)
