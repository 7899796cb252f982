"""A real `rtd run`: its directories, its processes, its end."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from tests.helpers.deadline import until
from tests.helpers.processes import MARK, MarkedProcess, find_marked, kill_marked

BIN = Path(sys.executable).parent


class Daemon:
    """One daemon in short directories of its own (a socket's path has a limit).

    Args:
        app: as for `rtd run`; None for shell commands only.
        flags: further flags of `rtd run`, e.g. `["--set", "lanes.process.max=1"]`.
        cwd: where it is started; the app is found from there.
        env: variables beside those of the test.
    """

    def __init__(
        self,
        app: str | None = None,
        flags: Sequence[str] = (),
        cwd: Path | None = None,
        env: dict[str, str] | None = None,
    ) -> None:
        self.home = Path(tempfile.mkdtemp(prefix="rtd-test-"))
        # Redis writes its title over its environment, but names its directory there.
        self.mark = self.home.name
        self.cwd = cwd or self.home
        self.env = {
            **{name: v for name, v in os.environ.items() if not name.startswith("RTD_")},
            MARK: self.mark,
            # Python takes a source that a test changes twice in a second for the one it compiled.
            "PYTHONDONTWRITEBYTECODE": "1",
            "RTD_RUNTIME_DIR": str(self.home / "run"),
            "RTD_STATE_DIR": str(self.home / "state"),
            "PATH": f"{BIN}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
            **(env or {}),
        }
        self.socket = self.home / "run" / "rtd.sock"
        self.log = self.home / "daemon.log"
        self.command = ["rtd", "run", *([app] if app else []), *flags]
        self.executable = BIN / "rtd"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self, *, within_s: float = 20.0) -> "Daemon":
        """Start it and wait until its socket answers. One that does not come up is closed."""
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self.command,
                executable=self.executable,
                cwd=self.cwd,
                env=self.env,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        try:
            until(self._is_up_or_dead, within_s=within_s, what=f"{self.socket} answers")
            assert self.process.poll() is None, f"rtd run ended:\n{self.log.read_text()}"
        except BaseException:
            self.close()  # the caller has no daemon to close
            raise
        return self

    def _is_up_or_dead(self) -> bool:
        assert self.process is not None
        with socket.socket(socket.AF_UNIX) as client:
            return client.connect_ex(str(self.socket)) == 0 or self.process.poll() is not None

    def rtctl(
        self, *words: str, stdin: str = "", timeout_s: float = 30.0
    ) -> subprocess.CompletedProcess[str]:
        """Run `rtctl WORDS...` against this daemon."""
        return subprocess.run(
            ["rtctl", *words],
            executable=BIN / "rtctl",
            cwd=self.cwd,
            env=self.env,
            input=stdin,
            capture_output=True,
            text=True,
            timeout=timeout_s,
            check=False,
        )

    def python(self, script: str) -> subprocess.CompletedProcess[str]:
        """Run Python code as a client of this daemon."""
        return subprocess.run(
            [sys.executable, "-c", script],
            env=self.env,
            cwd=self.cwd,
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )

    def ok(self, *words: str, timeout_s: float = 30.0) -> str:
        """Run `rtctl WORDS...`, which must succeed. Returns its stdout."""
        done = self.rtctl(*words, timeout_s=timeout_s)
        assert done.returncode == 0, f"rtctl {' '.join(words)}: {done.returncode}\n{done.stderr}"
        return done.stdout

    def processes(self) -> list[MarkedProcess]:
        """All its living processes, Redis and what the runs started included."""
        return find_marked(self.mark)

    def stop(self, *, within_s: float = 20.0) -> int:
        """Ask it to end by SIGTERM and wait. Returns its exit code."""
        assert self.process is not None
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.process.wait(within_s)

    def close(self) -> list[MarkedProcess]:
        """Stop it, kill what is left, remove its directories. Returns what was left."""
        try:
            if self.process is not None:
                self.stop()
        except subprocess.TimeoutExpired:
            assert self.process is not None
            self.process.kill()
            self.process.wait()
        left = kill_marked(self.mark)
        shutil.rmtree(self.home, ignore_errors=True)
        return left

    def close_and_tell(self) -> str:
        """Close it. Returns what was left behind and its log; "" where nothing was left."""
        log = self.log.read_text() if self.log.exists() else ""
        left = self.close()
        return f"left behind: {left}; the daemon's log:\n{log}" if left else ""


#: Starts or prepares a daemon, with the arguments of `Daemon`.
DaemonMaker = Callable[..., Daemon]


@contextlib.contextmanager
def shared_daemon(*args: Any, **kwargs: Any) -> Iterator[Daemon]:
    """Run a daemon that several tests use, with the arguments of `Daemon`.

    At its end it may leave no process behind, and its log may hold no traceback.
    """
    daemon = Daemon(*args, **kwargs).start()
    yield daemon
    log = daemon.log.read_text()
    left = daemon.close_and_tell()
    assert not left, left
    assert "Traceback" not in log, log
