"""`rtd start`: the daemon in the background, detached by python-daemon."""

import argparse
import os
import select
import subprocess
import sys
import time
from typing import Final

from rtd.cli.parser import say_interrupted, settings_of
from rtd.cli.start_message import StartError
from rtd.cli.start_warnings import (
    app_warnings,
    environment_warnings,
    password_warnings,
    root_warnings,
)
from rtd.common.errors import Conflict, InternalError
from rtd.config.load_settings import load_config
from rtd.config.log_level import log_level
from rtd.config.log_tail import LogTail
from rtd.config.paths import find_paths
from rtd.config.python_command import READY, module_command, parse_start_line
from rtd.supervisor.lifecycle.directories import check_room, make_directories
from rtd.supervisor.lifecycle.lock_file import check_free, holder

#: How long a daemon that could not start may take to end after it has sent the reason.
ENDS_S: Final = 5.0


def start(options: argparse.Namespace) -> int:
    """Start a daemon and wait until it is ready. Raises RtdError when it does not get ready."""
    paths = find_paths()
    if options.log_level is None:
        log_level()  # report a wrong one here, as a wrong setting
    config = load_config(options.config, settings_of(options))  # report a wrong setting here
    for sentence in (
        *environment_warnings(),
        *password_warnings(settings_of(options)),
        *root_warnings(config),
        *app_warnings(config, options.app),
    ):  # fmt: skip
        print(f"rtd: warning: {sentence}", file=sys.stderr)
    make_directories(paths)
    check_free(paths)
    check_room(paths)
    # The daemon could report nothing without it.
    os.close(os.open(paths.log_file, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600))
    log = LogTail(paths.log_file)
    log.begin()
    read_fd, write_fd = os.pipe()
    command = module_command("rtd", "run", *_words(options))
    command += ["--detach", "--ready-fd", str(write_fd)]
    child = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, pass_fds=(write_fd,), env=_environment(options)
    )
    os.close(write_fd)
    try:
        note = _wait_until_ready(read_fd, options.wait, log)
        child.wait()
    except KeyboardInterrupt:
        hint = "the daemon is still starting, `rtd stop` ends it"
        say_interrupted(f"{hint} (log: {paths.log_file})")
        return 130
    if note:
        print(f"rtd: {note}", file=sys.stderr)
    print(f"rtd: started, pid {holder(paths.pid_file)}; log: {paths.log_file}", file=sys.stderr)
    return 0


def _words(options: argparse.Namespace) -> list[str]:
    """Return the same command line for `rtd run`, without the Redis: all users can read it."""
    words = [] if options.app is None else [options.app]
    for name in ("config", "name", "durability", "group", "log_level"):
        value = getattr(options, name)
        if value is not None:
            words += [f"--{name.replace('_', '-')}", str(value)]
    for name, value in options.set:
        if name != "redis":
            words += ["--set", f"{name}={value}"]
    return words


def _environment(options: argparse.Namespace) -> dict[str, str]:
    """Return the environment of `rtd run`, with the Redis that a flag names: it may have a
    password."""
    redis = settings_of(options).get("redis")
    return dict(os.environ) if redis is None else {**os.environ, "RTD_REDIS": redis}


def _wait_until_ready(fd: int, timeout_s: float, log: LogTail) -> str:
    """Read the message of the daemon: `READY` and perhaps a note, or a code and a fault.

    Returns the note.
    """
    until = time.monotonic() + timeout_s
    message = b""
    while not message.endswith(b"\n"):
        left_s = until - time.monotonic()
        if left_s <= 0 or not select.select([fd], [], [], left_s)[0]:
            raise InternalError(
                f"the daemon is not ready after {timeout_s:g} s; it keeps trying, see {log.path}"
            )
        data = os.read(fd, 4096)
        if not data:
            raise StartError(f"the daemon ended before it was ready; {log.last_words()}")
        message += data
    code, fault = parse_start_line(message.decode(errors="replace"))
    if code == READY:
        os.close(fd)
        return fault
    if fault and select.select([fd], [], [], ENDS_S)[0]:
        os.read(fd, 1)  # the daemon has ended
    os.close(fd)
    if code == Conflict.code:  # another one has started since `check_free`
        raise Conflict(fault)
    raise StartError(f"the daemon did not start: {fault}")
