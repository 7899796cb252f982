"""The private Redis that rtd starts for itself."""

import contextlib
import fcntl
import logging
import os
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from rtd.common.errors import ConfigError, RtdError, StoreError, StoreGone
from rtd.common.malloc_tuning import set_tuning
from rtd.config.log_tail import LogTail
from rtd.config.redis_url import unix_url
from rtd.config.socket_listener import UNKNOWN, listener_pid
from rtd.config.system_errors import describe_system_error
from rtd.store.connection.blocking import RedisConnection
from rtd.store.connection.command import RedisCommand
from rtd.store.embedded.append_only_file import AppendOnlyFiles
from rtd.store.embedded.choose_server import choose_server
from rtd.store.embedded.find_server import ServerProgram
from rtd.store.embedded.last_server import write_last_server
from rtd.store.embedded.server_settings import server_settings

_log = logging.getLogger(__name__)


class EmbeddedRedis:
    """A Redis server that listens only on a Unix socket, in its own directory.

    It outlives this process on purpose: executors go on, and the next `start` in the same
    directory takes it over. Only `stop` ends it. `rtd.store.embedded.keep_alive` restarts it.

    Args:
        directory: for its data, socket and log. Made with mode 0700.
        durability: `process`: killing Redis loses nothing acknowledged, a power cut at most
            about a second; `always`: a power cut loses nothing, at a quarter of the speed
            for single runs and three quarters for batches.
        server: which program to start; None: `choose_server` finds one.
        end_unreachable: ends a server that has the data of a directory and whose socket was
            removed, for a second one would destroy the data.

    Attributes:
        files: the append-only files, to be synced.
        on_missing_data: called when another program has removed some of them.
    """

    def __init__(
        self,
        directory: Path,
        *,
        durability: str = "process",
        server: ServerProgram | None = None,
        end_unreachable: Callable[[Path], None] = lambda _directory: None,
    ) -> None:
        if durability not in ("process", "always"):
            raise ConfigError(f"durability is 'process' or 'always', not {durability!r}")
        directory = directory.absolute()
        self.directory = directory
        self.socket = directory / "redis.sock"
        self.url = unix_url(self.socket)
        self.log_file = directory / "redis.log"
        self._fsync = "always" if durability == "always" else "no"
        self._server = server
        self._end_unreachable = end_unreachable
        self._process: subprocess.Popen[bytes] | None = None
        self._log = LogTail(self.log_file)
        self.files = AppendOnlyFiles(directory)
        self.on_missing_data: Callable[[], None] = _nothing

    def start(self, timeout_s: float = 60.0) -> bool:
        """Start the server and wait until it answers. Return False when one ran already.

        Raises:
            ConfigError: no program to start, or none that can read the data.
            StoreError: it ended or did not answer in time, with the last line of its log; or its
                directory cannot be used, or another server that has the data does not end.
        """
        self.make_directory()
        with self._locked():
            if self._runs_already(timeout_s):
                _log.info("Redis at %s runs already", self.socket)
                return False
            self._end_unreachable(self.directory)
            server = choose_server(self.directory, self._server)
            self._spawn(server)
            self._wait_until_up(timeout_s)
            self._remember(server)
        return True

    def make_directory(self) -> None:
        """Make the directory if it is not there. Raises StoreError."""
        try:
            self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            self.directory.chmod(0o700)
        except OSError as error:
            raise StoreError(describe_system_error(error)) from None

    def stop(self, timeout_s: float = 10.0) -> None:
        """End the server and sync all that it acknowledged to disk. No error if it was gone.

        Raises:
            StoreError: it did not end in time and is not our child, so cannot be killed.
        """
        until = time.monotonic() + timeout_s
        # It ends without a reply: the lost connection is the answer.
        with (
            contextlib.suppress(RtdError),
            RedisConnection(self.url, reply_timeout_s=timeout_s) as link,
        ):
            if self.holds_socket():
                link.reconnect(0.0)
                link.execute(RedisCommand(("SHUTDOWN",)))
        while self._listens() and self.holds_socket():
            if time.monotonic() > until:
                if self._process is None:
                    raise StoreError(f"Redis at {self.url} does not end within {timeout_s:g} s")
                self._process.kill()
            time.sleep(0.005)
        if self._process is None:
            self._end_unreachable(self.directory)
        self._end_process(max(0.1, until - time.monotonic()))
        self.reap()
        self.files.sync()

    def _end_process(self, timeout_s: float) -> None:
        """End our child even when its socket is gone (the directory was deleted)."""
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            self._process.kill()

    def sync(self) -> int:
        """Sync what was written to disk; see `AppendOnlyFiles.sync`."""
        return self.files.sync()

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        """Let only one process at a time start a server in the directory."""
        fd = os.open(self.directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX)
            yield
        finally:
            os.close(fd)

    def _listens(self) -> bool:
        """Whether a process holds the socket, in any state."""
        return listener_pid(self.socket) is not None

    def holds_socket(self) -> bool:
        """Return whether no process but our server listens on the socket."""
        pid = listener_pid(self.socket)
        return self._process is None or pid in (None, UNKNOWN, self._process.pid)

    def _runs_already(self, timeout_s: float) -> bool:
        """Whether a server serves on the socket; waits for one that still loads."""
        if not self._listens():
            return False
        try:
            RedisConnection.connect(
                self.url, timeout_s=timeout_s, reply_timeout_s=timeout_s
            ).close()
        except StoreGone as error:
            if not self._listens():
                return False
            # A second one would write to the same file.
            raise StoreError(f"a Redis is there already and does not serve: {error}") from None
        return True

    def _remember(self, server: ServerProgram) -> None:
        """Store which server has read the data, so that the next start takes the same."""
        try:
            write_last_server(self.directory, server)
        except OSError as error:
            _log.warning("cannot store in %s which Redis runs: %s", self.directory, error)

    def _spawn(self, server: ServerProgram) -> None:
        words = server_settings(server, self.directory, self.socket, self._fsync)
        self._log.begin()
        try:
            with self.log_file.open("ab") as log:
                # Its own session: Ctrl-C in the terminal is for rtd, which stops it in order.
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
            reason = describe_system_error(error)
            raise StoreError(f"Redis cannot be started: {reason}") from None
        pid, what = self._process.pid, server.describe()
        _log.info("started %s, %s, on %s, pid %d", what, server.path, self.socket, pid)

    def _wait_until_up(self, timeout_s: float) -> None:
        assert self._process is not None
        until = time.monotonic() + timeout_s
        while True:
            try:
                RedisConnection.connect(self.url, timeout_s=0.0).close()
                return
            except StoreGone:
                if self._process.poll() is not None:
                    raise StoreError(f"Redis ended at once ({self.reap()})") from None
                if time.monotonic() > until:
                    raise StoreError(
                        f"Redis does not answer for {timeout_s:g} s; see {self.log_file}"
                    ) from None
                time.sleep(0.001)

    def reap(self) -> str:
        """Collect the server that ended. Return how it ended and its last words."""
        process, self._process = self._process, None
        if process is None:
            return "it was started by an earlier rtd"
        code = process.wait()
        how = f"exit {code}" if code >= 0 else f"signal {-code}"
        return f"{how}; {self._log.last_words()}"

    def has_ended(self, refused: bool) -> bool:
        """Whether the server is gone.

        Args:
            refused: its socket refused a connection; this decides for a server that an earlier
                process started.
        """
        process = self._process
        return refused if process is None else process.poll() is not None


def _nothing() -> None:
    """Do nothing: no part listens yet."""
