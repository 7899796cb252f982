"""`rtd run`: the daemon in the foreground."""

import argparse
import contextlib
import os
import socket
from collections.abc import Callable

from rtd.cli.parser import settings_of
from rtd.cli.serve import run_daemon
from rtd.common.errors import RtdError
from rtd.config.load_settings import load_config
from rtd.config.paths import find_paths
from rtd.process.fork.daemonize import daemonize
from rtd.process.fork.foreground import end_with_parent
from rtd.supervisor.core.log import log, set_up_logging
from rtd.supervisor.lifecycle.directories import make_directories
from rtd.supervisor.node import Node
from rtd.supervisor.startup import StartOptions


def run(options: argparse.Namespace) -> int:
    """Serve until a signal or a request ends the daemon. Returns 0.

    With `parent` (the program that called `session.start()`) the daemon ends when that does.
    With `only_submitted` (for `session.run()`) no task starts by itself.

    Raises:
        RtdError: the daemon could not start.
    """
    config, starts = load_config(options.config, settings_of(options)), not options.only_submitted
    start_options = StartOptions(config, find_paths(), options.app, starts)
    report = _ready_writer(options.ready_fd)
    if options.parent is not None and not end_with_parent(options.parent):
        return 0
    try:
        if options.detach:
            make_directories(start_options.places)
            daemonize(start_options.places.log_file, keep_fds=(options.ready_fd,))
        level = options.log_level or os.environ.get("RTD_LOG_LEVEL") or "info"
        set_up_logging(level, start_options.places.log_file if options.detach else None)
        run_daemon(start_options, lambda node: _ready(node, report))
    except RtdError as error:
        report(error.sentence)
        raise
    return 0


def _ready(node: Node, report: Callable[[str], None]) -> None:
    context = node.context
    what = f"app {context.app}" if context.app else "shell commands"
    count = len(context.manifest.tasks) - 1
    tasks = f" ({count} task{'' if count == 1 else 's'})" if context.app else ""
    log.info(
        "ready: %s%s on %s, Redis %s",
        what,
        tasks,
        context.paths.socket,
        node.redis_server.describe(),
    )
    report("")
    notify_systemd()


def _ready_writer(fd: int | None) -> Callable[[str], None]:
    """Return a function that tells `rtd start`, at the other end of a pipe, how the start went:
    an empty line, or the fault and then the end of this process, which closes the pipe."""

    def report(fault: str) -> None:
        if fd is not None:
            with contextlib.suppress(OSError):
                os.write(fd, f"{fault}\n".encode())
                if not fault:
                    os.close(fd)

    return report


def notify_systemd() -> None:
    """Send `READY=1` to systemd, for a unit of Type=notify; see sd_notify(3)."""
    address = os.environ.pop("NOTIFY_SOCKET", "")
    if not address:
        return
    if address.startswith("@"):
        address = "\0" + address[1:]
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as link, contextlib.suppress(OSError):
        link.sendto(b"READY=1\n", address)
