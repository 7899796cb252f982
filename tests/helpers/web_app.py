"""A program with a Flask app, served by Flask's own server."""

import json
import os
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil

from tests.helpers.daemon import BIN, Daemon
from tests.helpers.deadline import until


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


class WebApp:
    """A program that serves on `PORT`.

    Args:
        place: gives the directories and the environment.
        words: what Python gets, e.g. `["app.py"]`.
        env: variables on top.
        port: a free one, if it is not given.
    """

    def __init__(
        self,
        place: Daemon,
        *words: str,
        env: Mapping[str, str] | None = None,
        port: int | None = None,
    ) -> None:
        self.port = port or free_port()
        self.log = place.home / f"web-{self.port}.log"
        self.env = {**place.env, "PORT": str(self.port), **(env or {})}
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, *words], cwd=place.cwd, env=self.env,
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, process_group=0,
            )  # fmt: skip

    def wait_until_up(self) -> "WebApp":
        def is_up() -> bool:
            assert self.process.poll() is None, self.log.read_text()
            with socket.socket() as client:
                return client.connect_ex(("127.0.0.1", self.port)) == 0

        until(is_up, within_s=40, what="the web app answers")
        return self

    def call(self, path: str, method: str = "GET") -> tuple[int, Any]:
        """Return the status of a request, and its JSON."""
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", method=method)
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, json.loads(answer.read())

    def interrupt(self, within_s: float = 20.0) -> int:
        """End it as Ctrl-C does. Returns its exit code."""
        os.killpg(self.process.pid, signal.SIGINT)
        return self.process.wait(within_s)

    def end(self) -> None:
        """Kill the server and its reloader."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(10)


@contextmanager
def web_app(place: Daemon, *words: str, env: Mapping[str, str] | None = None) -> Iterator[WebApp]:
    """Serve a program until the end of the block."""
    served = WebApp(place, *words, env=env)
    try:
        yield served.wait_until_up()
    finally:
        served.end()


def stop_daemon(place: Daemon) -> None:
    """End the daemon that a web app has started, if it runs."""
    subprocess.run([BIN / "rtd", "stop"], env=place.env, capture_output=True, check=False)
    until(lambda: not watchers(place), what="what ends an unused daemon has ended")


def watchers(place: Daemon) -> list[int]:
    """Return the processes that wait to end the daemon when it is unused."""
    return [
        one.pid
        for one in psutil.process_iter(["cmdline"])
        if "rtd.flask.daemon.end_idle_daemon" in (one.info["cmdline"] or ())
        and place.env["RTD_RUNTIME_DIR"] == _environment(one).get("RTD_RUNTIME_DIR")
    ]


def _environment(process: psutil.Process) -> dict[str, str]:
    try:
        return process.environ()
    except psutil.Error:  # it has just ended
        return {}


def write(path: Path, text: str) -> None:
    """Write a file of a program."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
