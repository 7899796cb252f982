"""The zygotes' side of the supervisor: starts them, hears them, tells them what to do."""

import asyncio
import contextlib
import os
import subprocess
import sys
import time
from typing import Any, Protocol

from rtd.model.errors import AppError, InternalError
from rtd.model.malloc import tuned
from rtd.model.manifest import Manifest
from rtd.process.pidfd import open_pidfd, signal_process
from rtd.process.signals import SIGKILL
from rtd.process.ticks import start_ticks
from rtd.supervisor.core import Core
from rtd.supervisor.executors import Executor, Gone, Phase
from rtd.supervisor.generations import (
    Zygote,
    free_range,
    read_registry,
    registry_file,
    write_registry,
)
from rtd.supervisor.log import log
from rtd.supervisor.sockets import bind_unix
from rtd.supervisor.zygote_link import ZygoteLink

#: How long a zygote may take to end what is left below it.
QUIT_S = 15.0


class Listener(Protocol):
    """Who is told what the zygotes say."""

    def on_born(self, executor: Executor) -> None:
        """An executor has come to life."""

    def on_gone(self, zygote: Zygote, gone: Gone) -> None:
        """An executor has ended; its zygote keeps the status until `ack`."""

    def on_zygote_dead(self, zygote: Zygote) -> None:
        """A zygote's process has ended."""


class Zygotes:
    """All generations that live.

    Args:
        core: the shared ground.
        listener: who is told.
    """

    def __init__(self, core: Core, listener: Listener) -> None:
        self._core = core
        self._listener = listener
        self._all: list[Zygote] = []
        self._file = registry_file(core.places.runtime_dir)
        self._next_generation = 1
        self._server: asyncio.Server | None = None
        self._by_link: dict[ZygoteLink, Zygote] = {}
        self._pidfds: dict[int, int] = {}
        self._one_died = asyncio.Event()
        self.current: Zygote | None = None

    # --- life

    async def open(self) -> None:
        """Listen on the zygotes' socket, and read who lived before."""
        loop = asyncio.get_running_loop()
        listener = bind_unix(self._core.places.zygote_socket, mode=0o600)
        self._server = await loop.create_unix_server(
            lambda: ZygoteLink(self._on_message, self._on_link_lost), sock=listener
        )
        self._all, highest = read_registry(self._file)
        self._next_generation = highest + 1
        for zygote in self._all:
            self._watch(zygote)

    @property
    def living(self) -> list[Zygote]:
        """All that are known, the oldest first."""
        return list(self._all)

    def spawn(self, app: str | None) -> Zygote:
        """Start one more zygote. It says hello when it has imported the app.

        Raises:
            InternalError: as many generations live as there is room for.
        """
        place = free_range(self._all)
        if place is None:
            raise InternalError("four generations of the app live already; wait for one to end")
        zygote = Zygote(self._next_generation, app, *place, started_at=time.time())
        self._next_generation += 1
        zygote.process = subprocess.Popen(
            self._command(zygote),
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            env=tuned(dict(os.environ)),
        )
        zygote.pid = zygote.process.pid
        zygote.ticks = start_ticks(zygote.pid) or 0
        self._all.append(zygote)
        self._watch(zygote)
        self._note()
        return zygote

    def _command(self, zygote: Zygote) -> list[str]:
        command = [sys.executable, "-m", "rtd.executor"]
        command += ["--runtime", str(self._core.places.runtime_dir)]
        command += ["--generation", str(zygote.generation)]
        command += ["--slots", f"{zygote.lo}:{zygote.hi}"]
        return command if zygote.app is None else [*command, "--app", zygote.app]

    async def greeting(self, zygote: Zygote, timeout_s: float | None = None) -> None:
        """Wait until a zygote has said hello.

        Raises:
            AppError: its app does not import (the zygote is told to quit).
            InternalError: it ended, or said nothing in time.
        """
        greeted = asyncio.ensure_future(zygote.greeted.wait())
        try:
            await asyncio.wait_for(greeted, timeout_s)
        except TimeoutError:
            raise InternalError(
                f"zygote {zygote.pid} has not answered for {timeout_s:.0f} s"
            ) from None
        if zygote.error is not None:
            raise AppError(zygote.error)
        if zygote not in self._all:
            raise InternalError(zygote.early_end())

    def serve_from(self, zygote: Zygote) -> None:
        """From now on new executors are forked from this zygote."""
        self.current = zygote
        self._core.app_error = zygote.error
        if zygote.manifest is not None and zygote.error is None:
            self._core.manifest = zygote.manifest

    def retire(self, zygote: Zygote) -> None:
        """Fork nothing more from a zygote; it ends when its last executor has ended."""
        zygote.retiring = True
        if zygote.link is not None:
            zygote.link.send("drain")
        for executor in self._core.executors.of_generation(zygote.generation):
            executor.phase = Phase.RETIRING
            self.order(executor, "retire")

    def quit(self, zygote: Zygote) -> None:
        """Tell a zygote to end what is left below it and itself."""
        zygote.retiring = True
        if zygote.link is not None:
            zygote.link.send("quit")

    async def close(self, keep: bool) -> None:
        """Stop listening. With `keep` the zygotes live on and look for the next supervisor,
        else those that still live are ended."""
        if not keep:
            await self._end_all()
        if self._server is not None:
            self._server.close()
            with contextlib.suppress(FileNotFoundError):
                self._core.places.zygote_socket.unlink()
        for zygote in self._all:
            if zygote.link is not None:
                zygote.link.close()
        for fd in self._pidfds.values():
            asyncio.get_running_loop().remove_reader(fd)
            os.close(fd)
        self._pidfds.clear()
        if not keep:
            self._file.unlink(missing_ok=True)

    async def _end_all(self) -> None:
        for zygote in self._all:
            self.quit(zygote)
            if zygote.link is None and zygote.process is not None:
                zygote.process.kill()  # it still imports the app
        until = time.monotonic() + QUIT_S
        while self._all and time.monotonic() < until:
            self._one_died.clear()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._one_died.wait(), until - time.monotonic())
        for zygote in self._all:
            log.error("zygote %d does not end: killing it", zygote.pid)
            signal_process(zygote.pid, zygote.ticks, SIGKILL)

    # --- orders

    def order(self, executor: Executor, method: str, **params: Any) -> None:
        """Send an order about one executor (`ask`, `retire`, `kill`) to its zygote."""
        zygote = self.of_generation(executor.generation)
        if zygote is not None and zygote.link is not None:
            zygote.link.send(method, exec=executor.id, **params)

    def ack(self, zygote: Zygote, exec_id: str) -> None:
        """The runs of an ended executor are settled: its status may be forgotten."""
        if zygote.link is not None:
            zygote.link.send("ack", exec=exec_id)

    def of_generation(self, generation: int) -> Zygote | None:
        """The living zygote of that number, or None."""
        return next((z for z in self._all if z.generation == generation), None)

    # --- what they say

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

    def _hello(self, link: ZygoteLink, params: dict[str, Any]) -> None:
        """A zygote has (re)connected: take in what it has below it."""
        generation = int(params["generation"])
        zygote = self.of_generation(generation)
        unexpected = zygote is None and self.current is not None
        if zygote is None:
            lo, hi = params["slots"]
            zygote = Zygote(generation, params.get("app"), int(lo), int(hi))
            self._all.append(zygote)
            self._next_generation = max(self._next_generation, generation + 1)
        zygote.pid, zygote.ticks = int(params["pid"]), int(params["ticks"])
        zygote.link = link
        self._by_link[link] = zygote
        for warning in params.get("warnings") or []:
            log.warning("%s", warning)
        zygote.error = params.get("error")
        data = params.get("manifest")
        zygote.manifest = Manifest.from_dict(data) if data else Manifest.of(zygote.app, ())
        self._watch(zygote)
        self._note()
        self._take_stock(zygote, params)
        zygote.greeted.set()
        if zygote.retiring or unexpected:
            self.retire(zygote)

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
        )
        self._core.executors.add(executor)
        self._listener.on_born(executor)
        if zygote.retiring:  # it was ordered before
            executor.phase = Phase.RETIRING
            self.order(executor, "retire")

    def _on_link_lost(self, link: ZygoteLink) -> None:
        zygote = self._by_link.pop(link, None)
        if zygote is not None and zygote.link is link:
            zygote.link = None

    # --- deaths

    def _watch(self, zygote: Zygote) -> None:
        """Be told by the kernel when a zygote's process ends."""
        if zygote.pid in self._pidfds:
            return
        fd = open_pidfd(zygote.pid)
        if fd is None:
            asyncio.get_running_loop().call_soon(self._died, zygote)
            return
        self._pidfds[zygote.pid] = fd
        asyncio.get_running_loop().add_reader(fd, self._died, zygote)

    def _died(self, zygote: Zygote) -> None:
        fd = self._pidfds.pop(zygote.pid, None)
        if fd is not None:
            asyncio.get_running_loop().remove_reader(fd)
            os.close(fd)
        if zygote not in self._all:
            return
        if zygote.process is not None:
            zygote.process.wait()
        self._all.remove(zygote)
        self._one_died.set()
        if self.current is zygote:
            self.current = None
        self._note()
        zygote.greeted.set()
        self._listener.on_zygote_dead(zygote)

    def _note(self) -> None:
        write_registry(self._file, self._all)
