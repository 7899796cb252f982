"""A Redis server beside the daemon."""

import socket
import subprocess
from pathlib import Path

from rtd.store.embedded.choose_server import choose_server
from tests.helpers.deadline import until


class ExternalRedis:
    """A Redis that is not the daemon's."""

    def __init__(self, folder: Path, mark: str = "") -> None:
        self.folder = folder
        self.socket = folder / "external.sock"
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"unix://{self.socket}"

    def start(self) -> None:
        """Start it; it answers afterwards."""
        words = ["--port", "0", "--unixsocket", str(self.socket), "--dir", str(self.folder)]
        words += ["--appendonly", "yes", "--appendfsync", "no", "--save", ""]
        with (self.folder / "redis.log").open("ab") as log:
            self.process = subprocess.Popen(
                [str(choose_server(self.folder).path), *words], stdout=log, stderr=log
            )
        try:
            until(self._answers, what="the external Redis")
        except BaseException:
            self.kill()  # the caller has no server to kill
            raise

    def _answers(self) -> bool:
        """Whether it listens; the file is there a moment earlier."""
        with socket.socket(socket.AF_UNIX) as connection:
            return connection.connect_ex(str(self.socket)) == 0

    def kill(self) -> None:
        """SIGKILL."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()
        self.socket.unlink(missing_ok=True)
