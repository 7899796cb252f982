"""What the zygotes say, and what becomes known by it."""

import time
from collections.abc import Callable
from typing import Any, Protocol

from rtd.model.manifest import Manifest
from rtd.supervisor.core.context import Core
from rtd.supervisor.core.executor_registry import Executor, Gone, Phase
from rtd.supervisor.core.log import log
from rtd.supervisor.pools.generation_records import Zygote
from rtd.supervisor.pools.zygote_connection import ZygoteLink
from rtd.supervisor.pools.zygote_registry import Roll


class Listener(Protocol):
    """Who is told what the zygotes say."""

    def on_born(self, executor: Executor) -> None:
        """An executor has come to life."""

    def on_gone(self, zygote: Zygote, gone: Gone) -> None:
        """An executor has ended; its zygote keeps the status until `ack`."""

    def on_zygote_dead(self, zygote: Zygote) -> None:
        """A zygote's process has ended."""


class ZygoteWords:
    """Takes in each notification.

    Args:
        core: the shared ground: executors are entered there.
        roll: who lives. listener: who is told.
        retire: called with a zygote that must fork nothing more.
    """

    def __init__(
        self, core: Core, roll: Roll, listener: Listener, retire: Callable[[Zygote], None]
    ) -> None:
        self._core = core
        self._roll = roll
        self._listener = listener
        self._retire = retire
        self._by_link: dict[ZygoteLink, Zygote] = {}

    def link(self) -> ZygoteLink:
        """One more connection from a zygote; its first word says of which."""
        return ZygoteLink(self._on_message, self._on_link_lost)

    def _on_message(self, link: ZygoteLink, method: str, params: dict[str, Any]) -> None:
        if method == "hello":
            self._hello(link, params)
            return
        zygote = self._by_link.get(link)
        if zygote is None:
            log.error("a zygote sent %s before hello", method)
            link.close()
        elif method == "born":
            self._born(zygote, params)
        elif method == "gone":
            self._listener.on_gone(zygote, Gone.from_frame(params))
        elif method == "error":
            log.warning("zygote %d: %s", zygote.pid, params.get("message"))
        else:
            log.warning("zygote %d sent %r, which nobody knows", zygote.pid, method)

    def _on_link_lost(self, link: ZygoteLink) -> None:
        zygote = self._by_link.pop(link, None)
        if zygote is not None and zygote.link is link:
            zygote.link = None

    def _hello(self, link: ZygoteLink, params: dict[str, Any]) -> None:
        """A zygote has (re)connected: take in what it has below it."""
        generation = int(params["generation"])
        zygote = self._roll.of_generation(generation)
        unexpected = zygote is None and self._roll.current is not None
        if zygote is None:
            lo, hi = params["slots"]
            zygote = Zygote(generation, params.get("app"), int(lo), int(hi))
            self._roll.add(zygote)
            self._core.board.reach = max(self._core.board.reach, zygote.hi)
        zygote.pid, zygote.ticks = int(params["pid"]), int(params["ticks"])
        zygote.link = link
        self._by_link[link] = zygote
        for warning in params.get("warnings") or []:
            log.warning("%s", warning)
        zygote.error = params.get("error")
        # Told to drain by a supervisor that did not live to see its end: it forks nothing more.
        zygote.retiring = zygote.retiring or bool(params.get("draining"))
        data = params.get("manifest")
        zygote.manifest = Manifest.from_dict(data) if data else Manifest.of(zygote.app, ())
        self._core.manifests[generation] = zygote.manifest
        self._roll.watch(zygote)
        self._roll.note()
        self._take_stock(zygote, params)
        zygote.greeted.set()
        if zygote.retiring or unexpected:
            self._retire(zygote)

    def _take_stock(self, zygote: Zygote, params: dict[str, Any]) -> None:
        """Compare the zygote's list with ours: who is new, who has ended meanwhile."""
        named = {str(frame["exec"]) for frame in params.get("executors") or []}
        exits = [Gone.from_frame(frame) for frame in params.get("exits") or []]
        for frame in params.get("executors") or []:
            if str(frame["exec"]) not in self._core.executors:
                self._born(zygote, frame)
        for gone in exits:
            self._listener.on_gone(zygote, gone)
        ended = {gone.exec_id for gone in exits}
        for executor in self._core.executors.of_generation(zygote.generation):
            if executor.id not in named and executor.id not in ended:
                gone = Gone(executor.id, executor.lane, executor.pid, seen=False)
                self._listener.on_gone(zygote, gone)

    def _born(self, zygote: Zygote, frame: dict[str, Any]) -> None:
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
            apart=str(frame.get("apart") or ""),
        )
        self._core.executors.add(executor)
        self._listener.on_born(executor)
        if zygote.retiring and zygote.link is not None:  # it was ordered before
            executor.phase = Phase.RETIRING
            zygote.link.send("retire", exec=executor.id)
