"""The environments of the measured systems; rtd's is the one that runs this program."""

from __future__ import annotations

import hashlib
import subprocess
import sys
import venv
from importlib import metadata
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
BENCH_VENV = ROOT / ".bench-venv"
LOCKS = ROOT / "benchmarks" / "lock"


def python_of(environment: str) -> Path:
    """The interpreter of the environment ``rtd``, ``peers`` or ``arq``."""
    if environment == "rtd":
        return Path(sys.executable)
    return BENCH_VENV / environment / "bin" / "python"


def tool_of(environment: str, name: str) -> str:
    """The command ``name`` of an environment."""
    return str(python_of(environment).parent / name)


def ensure(environment: str) -> None:
    """Create an environment from its lock file, unless a current one exists.

    Raises:
        subprocess.CalledProcessError: pip could not install what the lock file names.
    """
    if environment == "rtd":
        return
    lock = LOCKS / f"{environment}.txt"
    stamp = BENCH_VENV / environment / "installed-from"
    wanted = hashlib.sha256(lock.read_bytes()).hexdigest()
    if stamp.exists() and stamp.read_text() == wanted:
        return
    print(f"installing {lock.name} into {stamp.parent.relative_to(ROOT)} ...", file=sys.stderr)
    venv.create(stamp.parent, with_pip=True, clear=True)
    pip = [str(python_of(environment)), "-m", "pip", "install", "-q"]
    subprocess.run([*pip, "--disable-pip-version-check", "-r", str(lock)], check=True)
    stamp.write_text(wanted)


def versions(environment: str, names: list[str]) -> dict[str, str]:
    """The versions of some packages; those of the peers come from their lock file."""
    if environment == "rtd":
        return {name: metadata.version(name) for name in names}
    pinned = {}
    for line in (LOCKS / f"{environment}.txt").read_text().splitlines():
        name, _, version = line.partition("==")
        if name in names:
            pinned[name] = version
    return pinned
