"""The measured ways from a request to a queued run: their servers, daemons and workers."""

from __future__ import annotations

import grp
import os
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple

from benchmarks import rtd_daemon
from benchmarks.case import CaseFailed
from benchmarks.environments import ROOT, python_of
from benchmarks.results import OURS
from benchmarks.web.kept_connection import KeptConnection

OUR_WAYS = ("own", "other", "redis")
"""As the daemon's user, as another one that its `group` lets in, and without a daemon."""
PEERS = ("celery", "rq", "huey")
SHOP = Path(__file__).with_name("rtd_shop.py")
NOBODY = 65534
READY_S = 60.0
IDLE_S = 600
"""So long the server keeps a connection between two requests."""


class Way(NamedTuple):
    """A way that is up.

    ``name`` is one of `OUR_WAYS`, or that of a peer; ``system`` is measured in it.
    """

    name: str
    system: str
    connection: KeptConnection


def names(systems: tuple[str, ...]) -> list[str]:
    """Return the ways that can be measured here. To be another user takes root."""
    ours = [name for name in OUR_WAYS if name != "other" or os.getuid() == 0]
    return [*(ours if OURS in systems else ()), *(name for name in PEERS if name in systems)]


@contextmanager
def opened(name: str, folder: Path, redis_socket: Path) -> Iterator[Way]:
    """Run the server of a way, with what carries its runs out."""
    folder.mkdir()
    folder.chmod(0o755)
    system = OURS if name in OUR_WAYS else name
    environ = {
        **os.environ,
        "BENCH_REDIS": str(redis_socket),
        "BENCH_SCRATCH": str(folder),
        "BENCH_SYSTEM": system,
        "PYTHONPATH": str(ROOT),
    }
    flags: list[str] = []
    with ExitStack() as stack:
        if system == OURS:
            variables: dict[str, str] = {}
            environ["BENCH_URL"] = str(rtd_daemon.control_socket(folder))
            if name == "other":
                variables["RTD_GROUP"] = grp.getgrgid(NOBODY).gr_name
                environ["BENCH_IMPORT_ALL"] = "yes"
                flags = ["--preload", "-u", str(NOBODY), "-g", str(NOBODY)]
            if name == "redis":
                environ["BENCH_URL"] = variables["RTD_REDIS"] = f"unix://{redis_socket}"
            stack.enter_context(rtd_daemon.running(folder, app=SHOP, variables=variables))
        else:
            words = [str(python_of("peers")), "-m", "benchmarks.web.peer_workers", name]
            stack.enter_context(_running(words, folder, environ))
        yield Way(name, system, stack.enter_context(_served(system, flags, folder, environ)))


@contextmanager
def _served(
    system: str, flags: list[str], folder: Path, environ: Mapping[str, str]
) -> Iterator[KeptConnection]:
    """Serve the app of a system by gunicorn with one worker; yield a connection to it."""
    path = folder / "web.sock"
    python = python_of(system if system == OURS else "peers")
    words = [str(python), "-m", "gunicorn", "-w", "1", "-k", "gthread", "--threads", "1"]
    words += [
        "--keep-alive",
        str(IDLE_S),
        "-b",
        f"unix:{path}",
        *flags,
        "benchmarks.web.web_app:app",
    ]
    connection = KeptConnection(path)
    with _running(words, folder, environ) as process:
        deadline = time.monotonic() + READY_S
        try:
            while not _answers(connection):
                if process.poll() is not None or time.monotonic() > deadline:
                    raise CaseFailed(f"no server of {system}")
                time.sleep(0.05)
        except CaseFailed as error:
            raise CaseFailed(f"{error}: {_log(folder)}") from None
        yield connection
        connection.close()


def _answers(connection: KeptConnection) -> bool:
    try:
        connection.post("/apply")
    except OSError:
        connection.close()
        return False
    return True


@contextmanager
def _running(
    words: list[str], folder: Path, environ: Mapping[str, str]
) -> Iterator[subprocess.Popen[bytes]]:
    with (folder / "web.log").open("ab") as log:
        process = subprocess.Popen(words, cwd=ROOT, env=environ, stdout=log, stderr=log)
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _log(folder: Path) -> str:
    return (folder / "web.log").read_text(errors="replace")[-1000:]
