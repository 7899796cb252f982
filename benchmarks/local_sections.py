"""The sections that compare whole processes or trees, not queues: `rtctl ls`, and an idle rtd."""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from benchmarks import rtd_daemon, tree
from benchmarks.case import CaseFailed
from benchmarks.environments import tool_of
from benchmarks.results import OURS
from benchmarks.sweep import sweep

PROGRAMS = 20
"""How many programs supervisord runs, and how many runs rtd has to show."""
LS_TIMES = 40
WARM_UP = 3
IDLE_S = 30.0
SETTLE_S = 3.0

_SUPERVISORD = """\
[supervisord]
nodaemon=true
logfile={folder}/supervisord.log
pidfile={folder}/supervisord.pid
childlogdir={folder}
[unix_http_server]
file={folder}/supervisor.sock
[rpcinterface:supervisor]
supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface
[supervisorctl]
serverurl=unix://{folder}/supervisor.sock
"""


@contextmanager
def _scratch() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="rtd-bench-"))
    try:
        yield folder
    finally:
        sweep()
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def supervisord(folder: Path) -> Iterator[list[str]]:
    """Run a real supervisord with `PROGRAMS` sleeping programs; yield its status command."""
    lines = [_SUPERVISORD.format(folder=folder)]
    program = "[program:sleeper{n}]\ncommand=sleep 100000\nstartsecs=0\n"
    lines += [program.format(n=n) for n in range(PROGRAMS)]
    config = folder / "supervisord.conf"
    config.write_text("".join(lines))
    daemon = subprocess.Popen(
        [tool_of("peers", "supervisord"), "-c", str(config)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    status = [tool_of("peers", "supervisorctl"), "-c", str(config), "status"]
    try:
        deadline = time.monotonic() + 30
        while True:
            said = subprocess.run(status, capture_output=True, text=True, check=False).stdout
            if said.count("RUNNING") == PROGRAMS:
                break
            if time.monotonic() > deadline:
                raise CaseFailed(f"supervisord is not ready: {said}")
            time.sleep(0.1)
        yield status
    finally:
        daemon.terminate()
        daemon.wait()


@contextmanager
def rtd_with_runs(folder: Path) -> Iterator[tuple[list[str], dict[str, str]]]:
    """Run an rtd with `PROGRAMS` runs; yield the command that shows them, and its environment."""
    with rtd_daemon.running(folder) as (_, environ):
        for _ in range(PROGRAMS):
            _output(rtd_daemon.rtctl("submit", "noop", "--wait"), environ)
        yield rtd_daemon.rtctl("ls"), environ


def status_commands(names: tuple[str, ...], times: int = LS_TIMES) -> dict[str, dict[str, float]]:
    """Time `rtctl ls` and `supervisorctl status` in turn, as whole processes (median ms)."""
    commands: dict[str, tuple[list[str], dict[str, str]]] = {}
    samples: dict[str, list[float]] = {name: [] for name in names}
    with ExitStack() as stack:
        folder = stack.enter_context(_scratch())
        if "supervisor" in names:
            status = stack.enter_context(supervisord(folder))
            commands["supervisor"] = (status, dict(os.environ))
        if OURS in names:
            commands[OURS] = stack.enter_context(rtd_with_runs(folder))
        for _ in range(times + WARM_UP):
            for name, (command, environ) in commands.items():
                started = time.perf_counter()
                _output(command, environ)
                samples[name].append((time.perf_counter() - started) * 1000)
    return {name: {"ms": statistics.median(samples[name][WARM_UP:])} for name in commands}


def _output(command: list[str], environ: dict[str, str]) -> str:
    done = subprocess.run(command, env=environ, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        said = (done.stderr or done.stdout).strip()
        raise CaseFailed(f"{' '.join(command)} ended with {done.returncode}: {said}")
    return done.stdout


def idle_rtd(seconds: float = IDLE_S) -> dict[str, float]:
    """Measure the CPU (percent of one core) and PSS of a whole rtd tree that has worked and now
    idles."""
    with _scratch() as folder, rtd_daemon.running(folder) as (daemon, environ):
        for _ in range(3):
            _output(rtd_daemon.rtctl("submit", "noop", "--wait"), environ)
        time.sleep(SETTLE_S)
        before = tree.sample(daemon.pid)
        started = time.monotonic()
        time.sleep(seconds)
        used_ns = tree.sample(daemon.pid).since(before)
        elapsed_s = time.monotonic() - started
        return {
            "cpu_percent": used_ns / 1e9 / elapsed_s * 100,
            "pss_mib": tree.pss_bytes(daemon.pid) / 2**20,
            "processes": len(tree.tree(daemon.pid)),
        }
