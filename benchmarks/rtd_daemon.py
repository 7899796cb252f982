"""Start a measured rtd: its directories, and when it is ready."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

APP = Path(__file__).with_name("rtd_app.py")
BIN = Path(sys.executable).parent
COMMAND = [str(BIN / "rtd"), "run", str(APP)]
"""Start rtd in the foreground; run it with `places` in its environment."""
READY_S = 30.0


def places(scratch: Path) -> dict[str, str]:
    """The environment variables that keep a daemon, and its clients, inside ``scratch``."""
    return {
        "RTD_STATE_DIR": str(scratch / "state"),
        "RTD_RUNTIME_DIR": str(scratch / "run"),
        "RTD_SOCKET": str(control_socket(scratch)),
    }


def control_socket(scratch: Path) -> Path:
    """The control socket of the daemon in ``scratch``."""
    return scratch / "run" / "rtd.sock"


def rtctl(*words: str) -> list[str]:
    """A command line of rtctl."""
    return [str(BIN / "rtctl"), *words]


def wait_ready(environ: dict[str, str], timeout_s: float) -> None:
    """Return when `rtctl ping` works.

    Raises:
        TimeoutError: it did not within ``timeout_s``.
    """
    deadline = time.monotonic() + timeout_s
    while True:
        ping = subprocess.run(
            rtctl("ping"), env=environ, capture_output=True, text=True, check=False
        )
        if ping.returncode == 0:
            return
        if time.monotonic() > deadline:
            raise TimeoutError(f"rtd is not ready after {timeout_s:.0f} s: {ping.stderr.strip()}")
        time.sleep(0.05)


@contextmanager
def running(
    scratch: Path,
    app: Path = APP,
    ready_s: float = READY_S,
    variables: Mapping[str, str] | None = None,
) -> Iterator[tuple[subprocess.Popen[bytes], dict[str, str]]]:
    """Run a daemon; yield the environment for its clients, and stop the daemon at the end."""
    environ = {
        **os.environ,
        **places(scratch),
        "BENCH_SCRATCH": str(scratch),
        "PYTHONPATH": str(APP.parents[1]),
        **(variables or {}),
    }
    with (scratch / "rtd.log").open("ab") as log:
        command = [*COMMAND[:-1], str(app)]
        daemon = subprocess.Popen(command, env=environ, stdout=log, stderr=log)
    try:
        wait_ready(environ, timeout_s=ready_s)
        yield daemon, environ
    finally:
        daemon.terminate()
        try:
            daemon.wait(timeout=15)
        except subprocess.TimeoutExpired:
            daemon.kill()
            daemon.wait()
