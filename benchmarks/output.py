"""The section `output`: how long `rtctl logs` takes for one very long line, and for many lines."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import time
from pathlib import Path

from benchmarks import rtd_daemon
from benchmarks.case import CaseFailed
from benchmarks.sweep import sweep

LINE_BYTES = 100_000_000
LINES = 10_000_000


def read_output(quick: bool) -> dict[str, float]:
    """Return the seconds that `rtctl logs -t` takes for each, as a whole process.

    A quick measurement has a tenth of the bytes and lines.
    """
    share = 10 if quick else 1
    commands = {
        "long_line_s": f"head -c {LINE_BYTES // share} /dev/zero | tr '\\0' x",
        "short_lines_s": f"seq {LINES // share}",
    }
    folder = Path(tempfile.mkdtemp(prefix="rtd-bench-"))
    try:
        with rtd_daemon.running(folder) as (_, environ):
            figures = {
                name: _seconds(["submit", "--wait", "--", "sh", "-c", script], environ)
                for name, script in commands.items()
            }
            figures["printed_lines_s"] = _seconds(
                ["submit", "print_lines", f"count:={LINES // 10 // share}", "--wait"], environ
            )
            return figures
    finally:
        sweep()
        shutil.rmtree(folder, ignore_errors=True)


def _seconds(submit: list[str], environ: dict[str, str]) -> float:
    """Run something and return how long its output takes to read."""
    run = _call(rtd_daemon.rtctl(*submit), environ, subprocess.PIPE).strip()
    started = time.perf_counter()
    _call(rtd_daemon.rtctl("logs", run, "-t"), environ, subprocess.DEVNULL)
    return time.perf_counter() - started


def _call(command: list[str], environ: dict[str, str], stdout: int) -> str:
    done = subprocess.run(
        command, env=environ, stdout=stdout, stderr=subprocess.PIPE, text=True, check=False
    )
    if done.returncode != 0:
        raise CaseFailed(f"{' '.join(command)} ended with {done.returncode}: {done.stderr.strip()}")
    return done.stdout or ""
