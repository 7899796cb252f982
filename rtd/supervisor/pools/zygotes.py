"""Starts zygotes, ends them, and sends them commands."""

import asyncio
import os
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from rtd.common.errors import AppError, InternalError
from rtd.common.malloc_tuning import set_tuning
from rtd.config.python_command import module_command
from rtd.config.run_environment import run_environment
from rtd.model.lanes import LOG_LANE
from rtd.process.events.signals import SIGKILL
from rtd.process.tree.pidfd import signal_process
from rtd.process.tree.process_identity import start_ticks
from rtd.protocol.zygote_messages import (
    DrainCommand,
    ForgetCommand,
    QuitCommand,
    RetireCommand,
    ZygoteMessage,
)
from rtd.supervisor.core.context import SupervisorContext
from rtd.supervisor.core.executor_registry import ExecutorEntry, ExecutorPhase
from rtd.supervisor.core.log import log
from rtd.supervisor.pools.app_settings import with_app_settings
from rtd.supervisor.pools.zygote_messages import ZygoteHandler, ZygoteListener
from rtd.supervisor.pools.zygote_registry import ZygoteRecord, ZygoteRegistry
from rtd.supervisor.pools.zygote_socket import ZygoteSocket

#: How long a zygote may take to end the executors below it.
QUIT_S = 15.0
#: How long the system may take to end a zygote that is killed.
KILLED_S = 5.0


class Zygotes:
    """All generations that live.

    Args:
        context: what the parts of the supervisor share.
    """

    def __init__(self, context: SupervisorContext) -> None:
        self._context = context
        self._registry = ZygoteRegistry(context.paths.runtime_dir)
        self._socket: ZygoteSocket | None = None

    # --- life

    async def open(self, listener: ZygoteListener) -> None:
        """Listen on the zygotes' socket, and read which zygotes an earlier supervisor had.

        Args:
            listener: hears of all executors and zygotes that start or end.
        """
        handler = ZygoteHandler(self._context, self._registry, listener, self.retire)
        self._socket = ZygoteSocket(self._context, handler)
        await self._socket.open()
        self._registry.load(listener.on_zygote_exit)

    def watched_files(self) -> dict[Path, Callable[[], None]]:
        """Return the files that a running daemon needs, each with what makes it again."""
        assert self._socket is not None
        return {
            self._context.paths.zygote_socket: self._socket.renew,
            self._registry.file: self._registry.save,
        }

    @property
    def living(self) -> list[ZygoteRecord]:
        """All that are known, the oldest first."""
        return self._registry.living

    @property
    def current(self) -> ZygoteRecord | None:
        """The one that new executors are forked from."""
        return self._registry.current

    def spawn(self, app: str | None) -> ZygoteRecord:
        """Start one more zygote; it says hello when it has imported the app.

        Raises:
            InternalError: as many generations live as there is room for, or the system cannot
                start a process.
        """
        place = self._registry.free_range()
        if place is None:
            count = len(self._registry.living)
            raise InternalError(f"{count} generations of the app live already; wait for one to end")
        zygote = ZygoteRecord(self._registry.new_number(), app, *place, started_at=time.time())
        paths = self._context.paths
        try:
            zygote.process = subprocess.Popen(
                self._command(zygote),
                stdin=subprocess.DEVNULL,
                cwd=self._context.working_dir,
                start_new_session=True,
                umask=self._context.umask,
                env=set_tuning(run_environment(os.environ, paths.runtime_dir, paths.socket)),
            )
        except OSError as error:
            raise InternalError(
                f"no process can be started for the app in {self._context.working_dir}: {error}"
            ) from None
        zygote.pid = zygote.process.pid
        zygote.ticks = start_ticks(zygote.pid) or 0
        self._registry.add(zygote)
        self._registry.watch_exit(zygote)
        self._registry.save()
        return zygote

    @property
    def is_full(self) -> bool:
        """Whether as many live as there is room for."""
        return self._registry.free_range() is None

    async def until_room(self) -> None:
        """Wait until one more can live."""
        while self.is_full:
            await self._registry.exits.wait()

    def _command(self, zygote: ZygoteRecord) -> list[str]:
        command = module_command("rtd.executor")
        command += ["--runtime", str(self._context.paths.runtime_dir)]
        command += ["--generation", str(zygote.generation)]
        command += ["--slots", f"{zygote.lo}:{zygote.hi}"]
        if zygote.app is None:
            return command
        # In one word: a name that begins with a dash is for the app's loader to refuse.
        names = [f"--middleware={name}" for name in self._context.config.middleware]
        return [*command, "--app", zygote.app, *names]

    async def wait_hello(self, zygote: ZygoteRecord, timeout_s: float | None = None) -> None:
        """Wait until a zygote has said hello.

        Raises:
            AppError: its app does not import.
            InternalError: it ended, or did not say hello in time.
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
        if zygote not in self._registry:
            raise InternalError(zygote.describe_early_exit())

    def set_current(self, zygote: ZygoteRecord) -> None:
        """Fork new executors from this zygote from now on, and use the settings of its app."""
        self._registry.current = zygote
        self._context.board.set_serving_generation(zygote.generation)
        self._context.app_error = zygote.error
        if zygote.manifest is not None and zygote.error is None:
            self._context.manifest = zygote.manifest
            self._context.config = with_app_settings(self._context.config, zygote.manifest)

    def retire(self, zygote: ZygoteRecord) -> None:
        """Fork nothing more from a zygote; it ends when its last executor has ended.

        While the daemon ends, the task-log writer stays until all other executors have ended.
        """
        zygote.retiring = True
        if zygote.connection is not None:
            zygote.connection.send(DrainCommand())
        self.retire_executors(zygote)

    def retire_executors(self, zygote: ZygoteRecord) -> None:
        """Let the executors of a zygote end after their runs; it may fork others."""
        for executor in self._context.executors.of_generation(zygote.generation):
            if not (self._context.gate.is_draining and executor.lane == LOG_LANE):
                self.retire_executor(executor)

    def retire_executor(self, executor: ExecutorEntry) -> None:
        """Let an executor end after its runs."""
        executor.phase = ExecutorPhase.RETIRING
        self.send_command(executor, RetireCommand(executor.id))

    def quit(self, zygote: ZygoteRecord) -> None:
        """Tell a zygote to end its executors and itself."""
        zygote.retiring = True
        if zygote.connection is not None:
            zygote.connection.send(QuitCommand())

    def give_up(self, zygote: ZygoteRecord) -> None:
        """End a zygote that will not serve, even while it imports the app and reads no commands."""
        self.quit(zygote)
        if zygote.connection is None and zygote.process is not None:
            zygote.process.kill()

    async def close(self, keep: bool) -> None:
        """Stop listening. With `keep` the zygotes stay and wait for the next supervisor, else
        those that still live are ended."""
        if not keep:
            await self._end_all()
        if self._socket is not None:
            self._socket.close()
        for zygote in self._registry.living:
            if zygote.connection is not None:
                zygote.connection.close()
        self._registry.close(keep)

    async def _end_all(self) -> None:
        for zygote in self._registry.living:
            self.give_up(zygote)
        until = time.monotonic() + QUIT_S
        while self._registry.living and time.monotonic() < until:
            await self._registry.exits.wait(until - time.monotonic())
        for zygote in self._registry.living:
            self._kill(zygote)
        until = time.monotonic() + KILLED_S
        while self._registry.living and time.monotonic() < until:
            await self._registry.exits.wait(until - time.monotonic())

    def kill_zygote_of(self, executor: ExecutorEntry) -> None:
        """Kill the zygote of an executor: it does not react. Its executors are ended after it."""
        zygote = self._registry.of_generation(executor.generation)
        if zygote is not None:
            self._kill(zygote)

    def _kill(self, zygote: ZygoteRecord) -> None:
        log.error("zygote %d does not end: killing it", zygote.pid)
        signal_process(zygote.pid, zygote.ticks, SIGKILL)

    # --- commands

    def send_command(self, executor: ExecutorEntry, command: ZygoteMessage) -> None:
        """Send a command about an executor to its zygote."""
        zygote = self._registry.of_generation(executor.generation)
        if zygote is not None and zygote.connection is not None:
            zygote.connection.send(command)

    def ack(self, zygote: ZygoteRecord, exec_id: str) -> None:
        """Let a zygote forget the status of an ended executor: its runs are settled."""
        if zygote.connection is not None:
            zygote.connection.send(ForgetCommand(exec_id))
