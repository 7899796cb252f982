"""The supervisor's end of a zygote's link, for tests of the zygote alone."""

import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rtd.process.board.board import Board
from rtd.protocol import frames
from rtd.protocol.decoder import Decoder
from tests.helpers.processes import MARK, MarkedProcess, find_marked, kill_marked
from tests.helpers.source import ROOT

Frame = dict[str, Any]


class LinkClosed(Exception):
    """The zygote has closed the link."""


class ZygoteUnderTest:
    """A real zygote process whose executors have the habits of `tests.programs.zygote`.

    Args:
        app: passed on as it is. flags: more of the zygote's command line.
        files: sources to put into the zygote's working directory, by name.
    """

    def __init__(
        self,
        app: str | None = None,
        flags: tuple[str, ...] = (),
        files: dict[str, str] | None = None,
    ) -> None:
        self.mark = uuid.uuid4().hex
        self.home = Path(tempfile.mkdtemp(prefix="rtd-zygote-"))
        for name, text in (files or {}).items():
            (self.home / name).write_text(text)
        self.board = Board.create(self.home / "board")
        self.log = self.home / "log"
        self._listener: socket.socket | None = None
        self._link: socket.socket | None = None
        self.frames: list[tuple[str, Frame]] = []
        self.listen()
        command = [sys.executable, "-m", "tests.programs.zygote", "--runtime", str(self.home)]
        command += ["--generation", "1", "--slots", "0:64", *flags]
        command += ["--app", app] if app is not None else []
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                command,
                cwd=self.home,
                env={**os.environ, MARK: self.mark, "PYTHONPATH": str(ROOT)},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    # -- being the supervisor ---------------------------------------------------------------

    def listen(self) -> None:
        """Be there for the zygote."""
        self._listener = socket.socket(socket.AF_UNIX)
        path = self.home / "zygote.sock"
        path.unlink(missing_ok=True)
        self._listener.bind(str(path))
        self._listener.listen()

    def disconnect(self) -> None:
        """Be gone, as after a SIGKILL."""
        for end in (self._listener, self._link):
            if end is not None:
                end.close()
        self._listener = self._link = None

    def accept_hello(self, within_s: float = 10.0) -> Frame:
        """Accept the zygote and return its hello."""
        assert self._listener is not None
        self._listener.settimeout(within_s)
        self._link, _ = self._listener.accept()
        self._decoder = Decoder()
        self.frames.clear()
        return self.expect("hello", within_s=within_s)

    def send(self, method: str, **params: Any) -> None:
        """Give an order."""
        assert self._link is not None
        self._link.sendall(frames.encode_notification(method, params))

    def spawn(self, habit: str, lane: str = "process", **options: Any) -> Frame:
        """Have one executor forked; its born frame."""
        self.send("spawn", lane=lane, count=1, options={"habit": habit, **options})
        return self.expect("born")

    def expect(
        self, method: str, which: Callable[[Frame], bool] = lambda _: True, within_s: float = 10.0
    ) -> Frame:
        """The first such frame that has come and was not yet asked for."""
        ends = time.monotonic() + within_s
        while True:
            for at, (got, frame) in enumerate(self.frames):
                if got == method and which(frame):
                    del self.frames[at]
                    return frame
            left_s = ends - time.monotonic()
            assert left_s > 0, f"no {method} but {self.frames}; log:\n{self.log.read_text()}"
            self._read(left_s)

    def expect_exit(self, born: Frame, within_s: float = 10.0) -> Frame:
        """The end of that executor."""
        return self.expect("gone", lambda f: f["exec"] == born["exec"], within_s)

    def _read(self, timeout_s: float) -> None:
        assert self._link is not None
        if select.select([self._link], [], [], timeout_s)[0]:
            data = self._link.recv(1 << 16)
            if not data:
                raise LinkClosed
            for message in self._decoder.feed(data):
                assert isinstance(message, frames.Notification)
                self.frames.append((message.method, message.params))

    # -- what is there ----------------------------------------------------------------------

    def lines_of(self, name: str) -> list[str]:
        """The lines that executors have written to a file of the zygote's directory."""
        path = self.home / name
        return path.read_text().splitlines() if path.exists() else []

    def processes(self) -> list[MarkedProcess]:
        """All living processes of this zygote, itself included."""
        return find_marked(self.mark)

    def close(self) -> list[MarkedProcess]:
        """End everything; what had to be killed although the zygote was told to quit."""
        try:
            if self.process.poll() is None:
                self.process.send_signal(signal.SIGCONT)
                if self._link is None:
                    self.process.kill()
                else:
                    self.send("quit")
            self.process.wait(10)
        except (OSError, subprocess.TimeoutExpired):
            self.process.kill()
            self.process.wait(10)
        self.disconnect()
        left = kill_marked(self.mark)
        self.board.close()
        shutil.rmtree(self.home, ignore_errors=True)
        return left
