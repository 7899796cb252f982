"""`rtd check APP`: import an app, list its tasks and its problems.

A child process imports the app, so that all effects of the import stay there.
"""

import argparse
import os
import subprocess
import sys
import threading
from collections.abc import Mapping
from typing import Any, Final

from rtd.cli.exit_app_process import exit_app_process
from rtd.common.did_you_mean import did_you_mean
from rtd.common.errors import AppError, ConfigError, PolicyError
from rtd.config.python_command import module_command
from rtd.language.parser import parse
from rtd.model.manifest import COMMAND, Manifest
from rtd.process.tree.terminate import signal_name
from rtd.protocol import frames
from rtd.session.core.session_state import SessionTask

PROBLEMS: Final = 3
INTERRUPTED: Final = 130


def check(options: argparse.Namespace) -> int:
    """Print the app's tasks and its problems. Returns 0, or 3 when there are problems."""
    from rtctl.main import prepare_streams  # lazy: the child does not need it

    prepare_streams()
    # No pipe: a process that the import starts could hold its other end open.
    with os.fdopen(os.memfd_create("report"), "rb") as file:
        fd = file.fileno()
        command = module_command("rtd.cli.check", options.app, str(fd))
        child = subprocess.run(
            command, stdin=subprocess.DEVNULL, stdout=sys.stderr, pass_fds=(fd,), check=False
        )
        code = child.returncode
        file.seek(0)
        blob = file.read()
    if not blob:
        how = f"killed by {signal_name(-code)}" if code < 0 else f"exit code {code}"
        _complain(f"app {options.app} ended its process while it was imported: {how}")
        return PROBLEMS
    report = frames.load(blob)
    for warning in report.get("warnings", ()):
        _complain(f"warning: {warning}")
    _show(Manifest.from_dict(report["manifest"]) if report["manifest"] else None)
    for problem in report["problems"]:
        _complain(problem)
    return PROBLEMS if report["problems"] else 0


def _complain(problem: str) -> None:
    from rtctl.cli.screen import clean  # lazy: the child does not need it

    print(f"rtd: {clean(problem)}", file=sys.stderr)


def _show(manifest: Manifest | None) -> None:
    """Print a line for each task: name, lane, parameters, where it is declared."""
    from rtctl.cli.screen import clean, shown_width  # lazy: the child does not need it

    if manifest is None:
        return
    infos = [info for info in manifest.tasks.values() if info.name != COMMAND]
    rows = [
        [clean(text) for text in (i.name, i.pool, i.signature(), i.source)]
        for i in sorted(infos, key=lambda i: i.name)
    ]
    if not rows:
        print("no tasks")
    widths = [max(shown_width(row[at]) for row in rows) for at in range(3)] if rows else []
    for row in rows:
        cells = [
            text + " " * (width - shown_width(text))
            for text, width in zip(row, widths, strict=False)
        ]
        print("  ".join([*cells, row[3]]).rstrip())
    sys.stdout.flush()  # the problems follow on stderr, which may be the same pipe


def _examine(app: str) -> dict[str, Any]:
    """Return the manifest as data, and a sentence for each problem. Runs in the child."""
    from rtd.config.load_settings import load_config  # lazy: only the child needs it
    from rtd.executor.zygote.app_connections import (  # lazy: only the child needs it
        describe_connections,
        own_sockets,
    )
    from rtd.executor.zygote.import_watch import watch_import  # lazy: as above
    from rtd.process.fork.shared_connections import OpenFiles  # lazy: as above
    from rtd.session.app.before_fork import call_before_fork  # lazy: as above
    from rtd.session.app.greenlet_starts import describe_greenlet_starts  # lazy: as above
    from rtd.session.app.load_app import hide_arguments, load  # lazy: only the child needs it
    from rtd.session.app.manifest import manifest_of  # lazy: as above
    from rtd.session.app.monkey_patches import refuse_patches  # lazy: as above

    before = threading.active_count()
    files = OpenFiles(own_sockets())
    patches = refuse_patches()
    hide_arguments(app)
    try:
        with watch_import(app):
            session = load(app, load_config().middleware)
            call_before_fork(session)
            manifest = manifest_of(session, app)
    except (AppError, ConfigError, PolicyError) as error:
        return {"manifest": None, "problems": [error.sentence]}
    problems = []
    if threading.active_count() > before:
        names = ", ".join(t.name for t in threading.enumerate() if t is not threading.main_thread())
        problems.append(
            f"app {app} starts threads when it is imported ({names}): they would not exist in "
            "the processes that are forked from it; start them in the tasks that need them"
        )
    problems += describe_connections(app, files)
    problems += patches.describe(app)
    problems += describe_greenlet_starts(session.tasks)
    if len(manifest.tasks) == 1:
        how = "@session.task()" if session.holder is None else "@task_worker.define_task"
        problems.append(f"app {app} has no tasks; declare them with {how}")
    problems += [f"{fault.kind} {fault.what}: {fault.message}" for fault in manifest.info.faults]
    problems += unknown_tasks(manifest)
    problems += unstarted_conditions(manifest)
    data = manifest.to_dict()
    data["tasks"] = [t for t in data["tasks"] if t["name"] != COMMAND]
    return {"manifest": data, "problems": problems, "warnings": shell_signs(session.tasks)}


def shell_signs(tasks: Mapping[str, SessionTask]) -> list[str]:
    """Return a sentence for each command that looks like one for a shell, and has none."""
    return [
        f"task {name!r}: no shell reads its command, so that {command.shell_sign} is a word like"
        " others; write CommandTask(..., shell=True)"
        for name, task in tasks.items()
        if (command := task.definition.command) is not None and command.shell_sign
    ]


def unstarted_conditions(manifest: Manifest) -> list[str]:
    """Return a sentence for each condition whose task nothing starts."""
    return [
        f"condition `{text}`: its task {info.task!r} has no start_cond, so that it is false until "
        "that task is started by hand; give TaskCond one"
        for text, info in manifest.info.custom.items()
        if info.task is not None and manifest.tasks[info.task].schedule.start is None
    ]


def unknown_tasks(manifest: Manifest) -> list[str]:
    """Return a sentence for each task that a condition names and that does not exist."""
    found = []
    for info in manifest.tasks.values():
        for what, text in (("start_cond", info.schedule.start), ("end_cond", info.schedule.end)):
            for name in sorted(parse(text).names() - manifest.tasks.keys()) if text else ():
                hint = did_you_mean(name, manifest.tasks)
                found.append(
                    f"task {info.name!r}: {what} names the task {name!r}, which does not exist"
                    f" (the leaf is false){hint}"
                )
    return found


def _child(app: str, report_fd: int) -> None:
    from rtd.executor.output.stdio_router import STDIO  # lazy: only the child needs it

    STDIO.install()  # the app finds the streams that it has in the daemon
    report = frames.dump(_examine(app), "report")
    STDIO.begin_with_app()
    with open(report_fd, "wb") as file:
        file.write(report)


if __name__ == "__main__":
    exit_code = 1
    try:
        _child(sys.argv[1], int(sys.argv[2]))
        exit_code = 0
    except KeyboardInterrupt:  # who asked has ended, too, or says how it ended
        exit_code = INTERRUPTED
    finally:
        exit_app_process(exit_code)
    sys.exit(exit_code)
