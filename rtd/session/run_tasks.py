"""`session.run(...)`: runs tasks now, without regard to conditions, and returns the results.

The tasks run in the daemon that serves this app. Without one, a daemon is started for them that
starts nothing by itself, and ended afterwards; its records stay for the next daemon. If a daemon
of another app holds the runtime directory, the new one gets temporary directories.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from rtctl import Client, Run
from rtctl.client.errors import DaemonUnreachable
from rtd.common.errors import AppError, NotPermitted
from rtd.common.text_of import text_of
from rtd.config.python_command import READY, parse_start_line
from rtd.session.core.session_state import SessionState
from rtd.session.start_daemon import apps_of, daemon_command, refuse_inside

_FLAGS: Final = ("--only-submitted", "--log-level", "warning")


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskResult:
    """The result of a task that was run.

    Attributes:
        task: the task's name.
        run: the id of the run, for `rtctl show`.
        state: succeeded, error, exception, terminated, lost or cancelled.
        result: the task's return value; None without a success.
        why: one sentence for a run without success.
    """

    task: str
    run: str
    state: str
    result: Any = None
    why: str | None = None

    def __bool__(self) -> bool:
        """True when the run succeeded."""
        return self.state == "succeeded"


def run(session: SessionState, names: tuple[Any, ...]) -> list[TaskResult]:
    """Run tasks one after the other. Their output appears as this program's.

    Args:
        session: the session of the tasks.
        names: of the tasks, or the tasks themselves.

    Raises:
        AppError: as `session.start` does, or the daemon for them did not come up.
        UnknownTask: there is no task of such a name; none has been started.
        ParameterError: a task needs parameters that nothing gives it.
        KeyboardInterrupt: a user's Ctrl-C; the run in progress has been ended.
    """
    refuse_inside("run")
    tasks = [
        text_of(name if isinstance(name, str) else getattr(name, "name", name)) for name in names
    ]
    with _client_of(apps_of(session)) as client:
        for task in tasks:
            client.rpc.tasks(task=task)  # raises UnknownTask
        return [_run_one(client, task) for task in tasks]


def _run_one(client: Client, task: str) -> TaskResult:
    run = client.submit(task)
    try:
        _show_output(run)
        run.wait()
    except KeyboardInterrupt:
        run.kill(reason="interrupted in session.run()")
        raise
    if run.state == "succeeded":
        return TaskResult(task=task, run=run.id, state="succeeded", result=run.result())
    return TaskResult(task=task, run=run.id, state=run.state, why=run.error)


def _show_output(run: Run) -> None:
    """Print a run's output as it comes, as far as the daemon can be reached."""
    with contextlib.suppress(DaemonUnreachable):
        for line in run.logs(follow=True):
            print(line, file=sys.stderr if line.stream == "err" else sys.stdout, flush=True)


# --- the daemon


@contextlib.contextmanager
def _client_of(apps: list[str]) -> Iterator[Client]:
    """Give a client of the daemon that serves the app, or of one that is started for this.

    Args:
        apps: the names of the app, the best first.
    """
    served, app = _served(), apps[0]
    if served is not None and any(_is_same(name, *served) for name in apps):
        with Client() as client:
            yield client
    elif served is None:
        with _daemon(app, dict(os.environ)), Client() as client:
            yield client
    else:
        home = Path(tempfile.mkdtemp(prefix="rtd-run-"))
        try:
            own = {"RTD_RUNTIME_DIR": str(home / "run"), "RTD_STATE_DIR": str(home / "state")}
            env = {name: value for name, value in os.environ.items() if name != "RTD_SOCKET"}
            with (
                _daemon(app, {**env, **own}, "--redis", "embedded"),
                Client(home / "run" / "rtd.sock") as client,
            ):
                yield client
        finally:
            shutil.rmtree(home, ignore_errors=True)


def _served() -> tuple[str | None, Path] | None:
    """Return the app of the running daemon and the folder that its name is relative to."""
    try:
        with Client() as client:
            info = client.info()
    except DaemonUnreachable:
        return None
    except NotPermitted:
        return None, Path("/")
    try:
        folder = Path(f"/proc/{info['pid']}/cwd").readlink()
    except OSError:  # another user's daemon
        folder = Path("/")
    return None if info["draining"] else info["app"], folder


def _is_same(mine: str, theirs: str | None, folder: Path) -> bool:
    """Tell whether two names mean the same app; `theirs` is relative to `folder`."""
    if theirs is None:
        return False
    (target, _, name), (their_target, _, their_name) = mine.partition(":"), theirs.partition(":")
    if name and their_name and name != their_name:
        return False
    return _file_of(target, Path.cwd()) == _file_of(their_target, folder)


def _file_of(target: str, folder: Path) -> Path | str:
    """Return the file of an app, or its name when the file is unknown."""
    if target.endswith(".py") or "/" in target:
        return (folder / target).resolve()
    path = folder.joinpath(*target.split("."))
    for file in (path.with_suffix(".py"), path / "__init__.py"):
        if file.is_file():
            return file.resolve()
    return target


@contextlib.contextmanager
def _daemon(app: str, env: dict[str, str], *flags: str) -> Iterator[None]:
    """Run a daemon that starts only the tasks that are submitted."""
    reader, writer = os.pipe()
    command = daemon_command(app, *_FLAGS, *flags, "--ready-fd", str(writer))
    # In its own process group: a Ctrl-C on the terminal must reach only this program, which then
    # ends the run and the daemon.
    child = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, env=env, pass_fds=(writer,), process_group=0
    )
    os.close(writer)
    try:
        with os.fdopen(reader, encoding="utf-8", errors="replace") as pipe:
            code, why = parse_start_line(pipe.readline())
        if code != READY:
            why = why or "it ended before it was ready"
            raise AppError(f"no daemon could be started for session.run(): {why}")
        yield
    finally:
        child.terminate()
        child.wait()
