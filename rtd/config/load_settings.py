"""The configuration: `rtd.toml`, then the environment (`RTD_*`), then flags; the later wins.

A setting has a path: `name`, `lanes.process.max`, `output.quota`. In a file that is a table and a
key, in the environment `RTD_LANES_PROCESS_MAX`, as a flag
`--set lanes.process.max=4`. Durations and sizes are written as people write them ("10s",
"512 MB").
"""

import os
import stat
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from rtd.common.did_you_mean import did_you_mean
from rtd.common.errors import ConfigError
from rtd.config.config import Config
from rtd.config.file_owners import content_fault, file_fault
from rtd.config.setting_readers import SETTING_NAMES, TABLES, build_config, read_setting

#: The configuration files that are tried when none is named.
CANDIDATES: Final = (Path("rtd.toml"), Path("/etc/rtd/rtd.toml"))
#: Variables with our prefix that are no settings, and what each says.
OTHER_VARIABLES: Final = {
    "RTD_CONFIG": "the configuration file",
    "RTD_LOG_LEVEL": "the level of the daemon's log: debug, info, warning or error",
    "RTD_RUNTIME_DIR": "the runtime directory, which holds the sockets",
    "RTD_STATE_DIR": "the state directory, which holds all that outlives the daemon",
    "RTD_SOCKET": "the control socket; default: `rtd.sock` in the runtime directory",
}
#: Variables that rtd gives its runs, where a daemon may be started, and that of its systemd unit.
_OF_OTHERS: Final = ("RTD_RUN_ID", "RTD_ATTEMPT", "RTD_HEADERS", "RTD_APP", "RTD_URL")
_NULL_DEVICE: Final = os.makedev(1, 3)
_VARIABLES: Final = {"RTD_" + name.replace(".", "_").upper(): name for name in SETTING_NAMES}


def load_config(file: Path | None = None, flags: Mapping[str, Any] | None = None) -> Config:
    """Return the configuration of this environment.

    Args:
        file: a configuration that must exist; None: `RTD_CONFIG`, else the first of
            `rtd.toml` here and `/etc/rtd/rtd.toml`, else none.
        flags: settings by their path, the strongest.

    Raises:
        ConfigError: one line: where, which setting, what is wrong with it (an unknown one
            with the nearest known).
    """
    settings: dict[str, tuple[str, Any]] = {}
    named = file or _named_file()
    path = named or next((path for path in CANDIDATES if _is_there(path)), None)
    if path is not None:
        table = _read(path, is_named=named is not None, by_variable=file is None)
        settings.update((name, (str(path), value)) for name, value in _flatten(table))
    settings.update(_from_environment(os.environ))
    settings.update((name, ("the command line", value)) for name, value in (flags or {}).items())
    config = build_config({name: read_setting(name, *found) for name, found in settings.items()})
    return replace(config, places={name: where for name, (where, _) in settings.items()})


def _named_file() -> Path | None:
    named = os.environ.get("RTD_CONFIG")
    return Path(named) if named else None


def _is_there(path: Path) -> bool:
    """Return whether anything has that name, also what cannot be read: a link that leads nowhere
    must not start a daemon without its settings."""
    try:
        path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except PermissionError:
        if not path.is_absolute():
            raise ConfigError(
                f"uid {os.geteuid()} may not look into the working directory {os.getcwd()}, where"
                f" {path} may be; start rtd in another directory"
            ) from None
    except OSError:
        pass  # to read it says why
    return True


def _read(path: Path, is_named: bool, by_variable: bool) -> dict[str, Any]:
    place = "the variable RTD_CONFIG: " if is_named and by_variable else ""
    try:
        with open(path, "rb", opener=_open_at_once) as file:
            _check_kind(path, os.fstat(file.fileno()))
            _check_owner(path, file.fileno(), is_named)
            return tomllib.load(file)
    except OSError as error:
        why = error.strerror
        if isinstance(error, FileNotFoundError) and path.is_symlink():
            why = f"it is a link to {path.readlink()}, which does not exist"
        raise ConfigError(f"{place}the configuration {path} cannot be read: {why}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{place}{path} is not valid TOML: {error}") from None


def _open_at_once(path: str, flags: int) -> int:
    """Open a file; one that is a pipe without waiting for its other end."""
    return os.open(path, flags | os.O_NONBLOCK | os.O_NOCTTY)


def _check_kind(path: Path, status: os.stat_result) -> None:
    """Raise ConfigError for a pipe or a device, which may have no end. /dev/null is empty."""
    if not stat.S_ISREG(status.st_mode) and status.st_rdev != _NULL_DEVICE:
        raise ConfigError(f"the configuration {path} cannot be read: it is no regular file")


def _check_owner(path: Path, fd: int, is_named: bool) -> None:
    """Raise ConfigError for a file that another user could have put there.

    Of a file that the command line or RTD_CONFIG names only itself is checked, and only where root
    reads it.
    """
    if not is_named:
        fault = file_fault(path, fd)
        what = "; or start rtd in another directory, or name the file with --config"
    elif os.getuid() == 0 and stat.S_ISREG(os.fstat(fd).st_mode):
        fault, what = content_fault(path, os.fstat(fd)), "; or `chown root` it"
    else:
        return
    if fault is not None:
        raise ConfigError(f"the configuration {path.absolute()} is not read: {fault}{what}")


def _flatten(table: Mapping[str, Any], prefix: str = "") -> Iterable[tuple[str, Any]]:
    for key, value in table.items():
        path = f"{prefix}{key}"
        is_table = isinstance(value, dict) and path not in SETTING_NAMES
        if is_table and (value or path in TABLES):
            yield from _flatten(value, f"{path}.")
        else:  # also an empty table that no setting is in
            yield path, value


def _from_environment(environ: Mapping[str, str]) -> dict[str, tuple[str, Any]]:
    """Return the settings among the variables. Refuses an `RTD_` name close to a setting's."""
    found: dict[str, tuple[str, Any]] = {}
    for variable, value in environ.items():
        if not variable.startswith("RTD_") or variable in OTHER_VARIABLES or not value:
            continue
        name = _VARIABLES.get(variable)
        if name is not None:
            found[name] = (f"the variable {variable}", value)
            continue
        hint = did_you_mean(variable, _VARIABLES, quoted=False, cutoff=0.85)
        if hint:
            raise ConfigError(f"the environment has {variable}, which is no setting{hint}")
    return found


def unknown_variables(environ: Mapping[str, str]) -> list[str]:
    """Return the names of variables with the prefix of rtd that are nothing of rtd's."""
    known = {*_VARIABLES, *OTHER_VARIABLES, *_OF_OTHERS}
    return sorted(name for name in environ if name.startswith("RTD_") and name not in known)
