"""`rtd run`: the daemon in the foreground."""

import argparse
import os
import sys
from dataclasses import replace
from typing import Final

from rtd.cli.idle_report import exit_code_of_report, report_lines
from rtd.cli.notify_systemd import notify_systemd
from rtd.cli.parser import settings_of
from rtd.cli.serve import run_daemon
from rtd.cli.start_message import StartError, StartMessage
from rtd.cli.start_warnings import (
    app_warnings,
    environment_warnings,
    password_warnings,
    root_warnings,
)
from rtd.common.errors import RtdError
from rtd.common.format_units import format_count
from rtd.config.load_settings import load_config
from rtd.config.log_level import log_level
from rtd.config.paths import find_paths
from rtd.config.system_errors import describe_system_error
from rtd.process.fork.daemonize import daemonize
from rtd.process.fork.foreground import end_with_parent
from rtd.process.fork.process_title import set_title
from rtd.supervisor.core.log import log, set_up_logging, where_raised
from rtd.supervisor.lifecycle.directories import make_directories
from rtd.supervisor.lifecycle.idle_watcher import IdleReport
from rtd.supervisor.node import Node
from rtd.supervisor.start_options import StartOptions

#: The umask of the daemon's own files; with which bits that of runs is stricter in a daemon that
#: has no terminal.
PRIVATE: Final = 0o077
DETACHED: Final = 0o027


def run(options: argparse.Namespace) -> int:
    """Serve until a signal or a request ends the daemon. Returns the exit code.

    With `parent` (the program that called `session.start()`) the daemon ends when that does.
    With `only_submitted` (for `session.run()`) no task starts by itself. With `until_idle` the
    daemon ends when nothing is left to do.

    Raises:
        RtdError: the daemon could not start.
    """
    set_title("supervisor")  # first: it takes the place of the command line
    level = options.log_level or log_level()
    config, starts = load_config(options.config, settings_of(options)), not options.only_submitted
    start_options = StartOptions(
        config, find_paths(), options.app, starts, until_idle=options.until_idle
    )
    report = StartMessage(options.ready_fd)
    if options.parent is not None and not end_with_parent(options.parent):
        return 0
    try:
        done = _serve(options, start_options, report, level)
    except RtdError as error:
        report.send_fault(error.sentence, error.code)
        raise
    except OSError as error:
        if report.is_ready:
            raise
        sentence = describe_system_error(error)
        report.send_fault(sentence)
        raise StartError(sentence) from None
    except Exception as error:
        report.send_fault(f"{where_raised(error)}: a fault of rtd")
        raise
    if done is None:
        return 0
    for line in report_lines(done):
        print(f"rtd: {line}", file=sys.stderr)
    return exit_code_of_report(done)


def _serve(
    options: argparse.Namespace, start_options: StartOptions, report: StartMessage, level: str
) -> IdleReport | None:
    log_file = start_options.places.log_file
    make_directories(start_options.places)
    umask = os.umask(PRIVATE)
    if options.detach:
        umask |= DETACHED
        daemonize(log_file, keep_fds=(options.ready_fd,), umask=PRIVATE)
    set_up_logging(level, log_file if options.detach else None)
    for sentence in (
        *environment_warnings(),
        *password_warnings(settings_of(options)),
        *root_warnings(start_options.config),
        *app_warnings(start_options.config, options.app),
    ):  # fmt: skip
        log.warning("%s", sentence)
    return run_daemon(replace(start_options, umask=umask), lambda node: _ready(node, report))


def _ready(node: Node, report: StartMessage) -> None:
    context = node.context
    what = f"app {context.app}" if context.app else "shell commands"
    count = len(context.manifest.tasks) - 1
    tasks = f" ({format_count(count, 'task')})" if context.app else ""
    log.info(
        "ready: %s%s on %s, Redis %s",
        what,
        tasks,
        context.paths.socket,
        node.redis_server.describe(),
    )
    report.send_ready("" if node.earlier_app is None else node.earlier_app.sentence)
    notify_systemd()
