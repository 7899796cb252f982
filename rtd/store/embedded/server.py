"""The private Redis that rtd starts for itself."""

import asyncio
import contextlib
import errno
import fcntl
import logging
import os
import socket
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

from rtd.common.errors import ConfigError, RtdError, StoreError, StoreGone
from rtd.common.malloc_tuning import set_tuning
from rtd.store.connection.blocking import RedisConnection
from rtd.store.connection.command import RedisCommand
from rtd.store.embedded.append_only_file import AppendOnlyFiles
from rtd.store.embedded.find_server import ServerProgram, find_server

_log = logging.getLogger(__name__)

_BACKOFF_S: Final = (0.01, 2.0)
#: One that lived this long has the back-off begin anew.
_STABLE_S: Final = 10.0
_SYNC_S: Final = 1.0


class EmbeddedRedis:
    """A Redis server on a Unix socket in a directory of its own, and nowhere else.

    It outlives this process on purpose: executors go on, and the next `start` in the same
    directory takes it over. Only `stop` ends it.

    `fdatasync` may take seconds on a slow disk, so it runs in one thread beside the loop.
    That thread does nothing else but this and starting the server again; the process that
    holds it never forks (servers and zygotes are new programs).

    Args:
        directory: for its data, socket and log. Made with mode 0700.
        durability: `process`: killing Redis loses nothing acknowledged, a power cut at most
            about a second; `always`: a power cut loses nothing, at a quarter of the speed
            for single runs and three quarters for batches.
        server: which program to start; None: `find_server()`.
    """

    def __init__(
        self, directory: Path, *, durability: str = "process", server: ServerProgram | None = None
    ) -> None:
        if durability not in ("process", "always"):
            raise ConfigError(f"durability is 'process' or 'always', not {durability!r}")
        directory = directory.absolute()
        self.directory = directory
        self.socket = directory / "redis.sock"
        self.url = f"unix://{self.socket}"
        self.log_file = directory / "redis.log"
        self._fsync = "always" if durability == "always" else "no"
        self._server = server
        self._process: subprocess.Popen[bytes] | None = None
        self._files = AppendOnlyFiles(directory)

    def start(self, timeout_s: float = 60.0) -> bool:
        """Starts the server and waits until it answers. Gives False when one ran already.

        Raises:
            ConfigError: no program to start, or an older one than wrote the data.
            StoreError: it ended or did not answer in time; with the last line of its log.
        """
        self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.directory.chmod(0o700)
        with self._locked():
            if self._runs_already(timeout_s):
                _log.info("Redis at %s runs already", self.url)
                return False
            self._server = self._server or find_server()
            self._check_layout(self._server)
            self._spawn(self._server)
            self._wait_until_up(timeout_s)
        return True

    async def keep_alive(self) -> None:
        """Keeps the server alive and its file synced, until cancelled (then call `stop`)."""
        with ThreadPoolExecutor(1, thread_name_prefix="redis") as thread:
            syncing = asyncio.create_task(self._sync_each_second(thread), name="redis sync")
            try:
                wait_s, most_s = _BACKOFF_S
                while True:
                    since = time.monotonic()
                    await self._wait_for_end()
                    if time.monotonic() - since > _STABLE_S:
                        wait_s = _BACKOFF_S[0]
                    _log.error("Redis ended (%s); starting it again", self._reap())
                    await asyncio.sleep(wait_s)
                    wait_s = min(most_s, wait_s * 2)
                    await self._revive(thread)
            finally:
                syncing.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await syncing

    async def _revive(self, thread: ThreadPoolExecutor) -> None:
        try:
            await asyncio.get_running_loop().run_in_executor(thread, self.start)
        except RtdError as error:
            _log.error("%s", error)

    def stop(self, timeout_s: float = 10.0) -> None:
        """Ends the server; all it acknowledged is synced to disk. No error if it was gone.

        Raises:
            StoreError: it did not end in time and is not our child, so cannot be killed.
        """
        until = time.monotonic() + timeout_s
        # It ends without a reply: to lose the connection is the answer that we want.
        with (
            contextlib.suppress(RtdError),
            RedisConnection(self.url, reply_timeout_s=timeout_s) as link,
        ):
            link.reconnect(0.0)
            link.execute(RedisCommand(("SHUTDOWN",)))
        while self._listens():
            if time.monotonic() > until:
                if self._process is None:
                    raise StoreError(f"Redis at {self.url} does not end within {timeout_s:g} s")
                self._process.kill()
            time.sleep(0.005)
        self._end_process(max(0.1, until - time.monotonic()))
        self._reap()
        self._files.sync()

    def _end_process(self, timeout_s: float) -> None:
        """Our child ends even when its socket is gone (somebody deleted the directory)."""
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            self._process.kill()

    def sync(self) -> int:
        """Brings what was written to the disk; see `AppendOnlyFiles.sync`."""
        return self._files.sync()

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        """One starter at a time per directory."""
        fd = os.open(self.directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX)
            yield
        finally:
            os.close(fd)

    def _listens(self) -> bool:
        """Whether a process holds the socket, whatever state it is in."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_NONBLOCK) as probe:
            return probe.connect_ex(str(self.socket)) not in (errno.ENOENT, errno.ECONNREFUSED)

    def _runs_already(self, timeout_s: float) -> bool:
        """Whether a server is there and serves; one that still loads is waited for."""
        if not self._listens():
            return False
        try:
            RedisConnection.connect(
                self.url, timeout_s=timeout_s, reply_timeout_s=timeout_s
            ).close()
        except StoreGone as error:
            if not self._listens():
                return False
            # To start a second one would give two writers to one file.
            raise StoreError(f"a Redis is there already and does not serve: {error}") from None
        return True

    def _check_layout(self, server: ServerProgram) -> None:
        # 6.2 would not see the files of 7.0 and start empty. The other way round is fine.
        if server.version < (7, 0, 0) and (self.directory / "appendonlydir").is_dir():
            raise ConfigError(
                f"the data in {self.directory} was written by Redis 7 or later and "
                f"{server.path} is {'.'.join(map(str, server.version))}: install a newer Redis, "
                "or move the directory away to start empty"
            )

    def _spawn(self, server: ServerProgram) -> None:
        settings = {
            "port": "0",
            "unixsocket": str(self.socket),
            "unixsocketperm": "700",
            "dir": str(self.directory),
            "appendonly": "yes",
            "appendfsync": self._fsync,
            "save": "",
            # A rewrite of the log takes a core for a second or more: not after each 64 MB, as
            # Redis does by itself. A log of this size is read in 2 to 3 s at a start.
            "auto-aof-rewrite-min-size": "256mb",
            "rdbcompression": "no",
            "daemonize": "no",
            "logfile": "",
            "loglevel": "warning",
            "maxmemory-policy": "noeviction",
        }
        words = [word for name, value in settings.items() for word in (f"--{name}", value)]
        try:
            with self.log_file.open("ab") as log:
                # A session of its own: Ctrl-C in the terminal is for rtd, which stops it in order.
                self._process = subprocess.Popen(
                    [server.path.absolute(), *words],
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    cwd=self.directory,
                    env=set_tuning(dict(os.environ)),
                    start_new_session=True,
                )
        except OSError as error:
            # Uninstalled while it ran? The next start looks for another.
            self._server = None
            raise StoreError(f"cannot start {server.path}: {error}") from None
        _log.info("started %s on %s, pid %d", server.path, self.url, self._process.pid)

    def _wait_until_up(self, timeout_s: float) -> None:
        assert self._process is not None
        until = time.monotonic() + timeout_s
        while True:
            try:
                RedisConnection.connect(self.url, timeout_s=0.0).close()
                return
            except StoreGone:
                if self._process.poll() is not None:
                    raise StoreError(f"Redis ended at once ({self._reap()})") from None
                if time.monotonic() > until:
                    raise StoreError(
                        f"Redis does not answer for {timeout_s:g} s; see {self.log_file}"
                    ) from None
                time.sleep(0.001)

    def _reap(self) -> str:
        """Collects the server that ended. Gives how, and what it last said."""
        process, self._process = self._process, None
        if process is None:
            return "it was started by an earlier rtd"
        code = process.wait()
        if code < 0:
            return f"signal {-code}"
        return f"exit {code}; {self.log_file} ends with: {self._last_words()}"

    def _last_words(self) -> str:
        try:
            with self.log_file.open("rb") as log:
                log.seek(max(0, self.log_file.stat().st_size - 2000))
                lines = log.read().decode(errors="replace").strip().splitlines()
        except OSError:
            return "(unreadable)"
        return lines[-1] if lines else "(nothing)"

    async def _wait_for_end(self) -> None:
        """Returns when the server is gone.

        The end of a connection says when to look; only a dead child, or a socket on which
        nobody listens, proves it (a server that is out of connections closes them too).
        """
        wait_s = _BACKOFF_S[0]
        while True:
            refused = False
            try:
                reader, writer = await asyncio.open_unix_connection(self.socket)
                try:
                    with contextlib.suppress(OSError):
                        await reader.read()
                finally:
                    writer.close()
            except (ConnectionRefusedError, FileNotFoundError):
                refused = True
            except OSError as error:
                _log.warning("cannot watch Redis: %s", error)
            process = self._process
            if refused if process is None else process.poll() is not None:
                return
            await asyncio.sleep(wait_s)
            wait_s = min(_BACKOFF_S[1], wait_s * 2)

    async def _sync_each_second(self, thread: ThreadPoolExecutor) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(_SYNC_S)
            try:
                if self._files.has_grown():
                    await loop.run_in_executor(thread, self._files.sync)
            except OSError as error:
                _log.error("cannot sync the data in %s: %s", self.directory, error)
