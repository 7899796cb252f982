"""Make the project's virtual environment from the locked requirements; needs only Python and pip.

`make setup` calls it. It does nothing, quickly, when the environment was already made from the
same locks by the same interpreter.
"""

from __future__ import annotations

import argparse
import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DEV_LOCK = ROOT / "requirements" / "dev.lock"
FETCH_REDIS = ROOT / "tools" / "fetch_redis_server.py"
REDIS_LOCK = ROOT / "requirements" / "redis-server.lock"
MINIMUM = (3, 11)


def main() -> int:
    """Bring the environment up to date. Returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("venv", type=Path, help="where the environment is, or is to be made")
    venv: Path = parser.parse_args().venv
    if sys.version_info < MINIMUM:
        found = ".".join(map(str, sys.version_info[:3]))
        return _fail(
            f"rtd needs Python 3.11 or newer; {sys.executable} is {found}. "
            "Name another one: make setup PYTHON=python3.11"
        )
    wanted = _fingerprint()
    stamp = venv / "rtd-setup.stamp"
    if _read(stamp) == wanted and (venv / "bin" / "python").exists():
        return 0
    stamp.unlink(missing_ok=True)
    if not _same_interpreter(venv):
        shutil.rmtree(venv, ignore_errors=True)
        if _run([sys.executable, "-m", "venv", str(venv)]):
            return _fail(
                "could not make a virtual environment. On Debian and Ubuntu: "
                "apt-get install python3-venv"
            )
    if not _install(venv):
        return _fail("the environment is not complete; see pip's message above.")
    if _run([str(venv / "bin" / "python"), str(FETCH_REDIS)]) == 0:
        stamp.write_text(wanted)  # else the next set-up tries again
    print(f"setup: {venv} is ready")
    return 0


def _install(venv: Path) -> bool:
    """Install the locked packages and rtd itself, editable. Returns whether both went well."""
    print(f"setup: installing locked packages into {venv}: a minute or two ...", flush=True)
    locked = _pip(venv, "--require-hashes", "--requirement", str(DEV_LOCK))
    if not locked or not _pip(venv, "--no-deps", "--no-build-isolation", "--editable", str(ROOT)):
        return False
    # As an installed package is: where Python may not write bytecode by itself, each start of
    # rtctl would compile it again.
    folders = [str(ROOT / "rtd"), str(ROOT / "rtctl")]
    _run([str(venv / "bin" / "python"), "-m", "compileall", "-q", *folders])
    return True


def _fingerprint() -> str:
    """Return a text that changes with the interpreter and with all that gets installed."""
    digest = hashlib.sha256()
    for path in (DEV_LOCK, REDIS_LOCK, FETCH_REDIS, ROOT / "pyproject.toml", Path(__file__)):
        digest.update(path.read_bytes())
    return f"{sys.version_info[:3]} {ROOT} {digest.hexdigest()}\n"


def _same_interpreter(venv: Path) -> bool:
    """Tell whether the environment works and has this interpreter's version."""
    ask = "import sys; print(sys.version_info[:3])"
    try:
        done = subprocess.run(
            [venv / "bin" / "python", "-c", ask], capture_output=True, text=True, check=False
        )
    except OSError:
        return False
    return done.stdout.strip() == str(sys.version_info[:3])


def _pip(venv: Path, *arguments: str) -> bool:
    """Run `pip install` in the environment. Returns whether it went well."""
    pip = [str(venv / "bin" / "python"), "-m", "pip", "install", "-qq"]
    return _run([*pip, "--disable-pip-version-check", "--no-input", *arguments]) == 0


def _run(command: list[str]) -> int:
    return subprocess.run(command, check=False, stdin=subprocess.DEVNULL).returncode


def _read(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:
        return ""


def _fail(sentence: str) -> int:
    print(f"setup: {sentence}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    raise SystemExit(main())
