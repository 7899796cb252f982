"""A private redis-server for one measurement: new, on a Unix socket, persistent like rtd's."""

from __future__ import annotations

import socket
import subprocess
import time
from pathlib import Path
from types import TracebackType

from rtd.store.embedded.choose_server import choose_server

_SETTINGS = {
    "port": "0",
    "save": "",
    "appendonly": "yes",
    "appendfsync": "no",
    "auto-aof-rewrite-min-size": "256mb",
    "rdbcompression": "no",
    # Rewriting the log in the middle of a measurement would only be noise for the peers.
    "auto-aof-rewrite-percentage": "0",
}


class PrivateRedis:
    """Run a redis-server in ``folder``; at the end remove it with its files."""

    def __init__(self, folder: Path) -> None:
        self.socket = folder / "redis.sock"
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> PrivateRedis:
        command = [
            str(choose_server(self._folder).path),
            "--dir",
            str(self._folder),
            "--unixsocket",
            str(self.socket),
        ]
        for name, value in _SETTINGS.items():
            command += [f"--{name}", value]
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        deadline = time.monotonic() + 10
        while not self._answers():
            if time.monotonic() > deadline or self._process.poll() is not None:
                raise RuntimeError(f"{command[0]} does not start in {self._folder}")
            time.sleep(0.005)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def _answers(self) -> bool:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as link:
            try:
                link.connect(str(self.socket))
                link.sendall(b"PING\r\n")
                return link.recv(16).startswith(b"+PONG")
            except OSError:
                return False
