"""`session.run(...)`: some tasks now, whatever their conditions, and what became of each.

They run in the daemon that serves this app. Where there is none, one is started for them that
starts nothing by itself, and ended afterwards; its records stay for the next daemon, as if that
had run them. Where the place of the daemon is taken by one of another app, it gets places of its
own that go with it.
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
from typing import TYPE_CHECKING, Any, Final

from rtctl import Client, Run
from rtctl.client.errors import DaemonUnreachable
from rtd.common.errors import AppError, NotPermitted
from rtd.session.start_daemon import apps_of, daemon_command, refuse_inside

if TYPE_CHECKING:
    from rtd.session.session import Session

_FLAGS: Final = ("--only-submitted", "--log-level", "warning")


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskResult:
    """What became of a task that was run.

    Attributes:
        task: its name.
        run: the id of its run, for `rtctl show`.
        state: succeeded, error, exception, terminated, lost or cancelled.
        result: what it returned; None without a success.
        why: one sentence where it did not succeed.
    """

    task: str
    run: str
    state: str
    result: Any = None
    why: str | None = None

    def __bool__(self) -> bool:
        """Whether it succeeded."""
        return self.state == "succeeded"


def run(session: Session, names: tuple[Any, ...]) -> list[TaskResult]:
    """Run tasks one after the other; their output is this program's.

    Args:
        names: of the tasks, or the tasks themselves.

    Raises:
        AppError: as `session.start` does, or the daemon for them did not come up.
        UnknownTask: there is no task of such a name; none has been started.
        ParameterError: a task needs parameters that nothing gives it.
        KeyboardInterrupt: of the user's; the run that was going has been ended.
    """
    refuse_inside("run")
    tasks = [str(getattr(name, "name", name)) for name in names]
    with _client_of(apps_of(session)) as client:
        for task in tasks:
            client.rpc.tasks(task=task)  # raises UnknownTask
        return [_one(client, task) for task in tasks]


def _one(client: Client, task: str) -> TaskResult:
    found = client.submit(task)
    try:
        _show(found)
        found.wait()
    except KeyboardInterrupt:
        found.kill(reason="interrupted in session.run()")
        raise
    if found.state == "succeeded":
        return TaskResult(task=task, run=found.id, state="succeeded", result=found.result)
    return TaskResult(task=task, run=found.id, state=found.state, why=found.error)


def _show(found: Run) -> None:
    """Its output on ours, as it comes; where it cannot be followed to its end, so be it."""
    with contextlib.suppress(DaemonUnreachable):
        for line in found.logs(follow=True):
            print(line, file=sys.stderr if line.stream == "err" else sys.stdout, flush=True)


# --- the daemon


@contextlib.contextmanager
def _client_of(apps: list[str]) -> Iterator[Client]:
    """A client of the daemon that serves the app, by whichever name, or of one that is there
    for this purpose."""
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
    """The app of the daemon that is there, and where its name is to be read from."""
    try:
        with Client() as client:
            info = client.info()
    except DaemonUnreachable:
        return None
    except NotPermitted:
        return None, Path("/")
    try:
        folder = Path(f"/proc/{info['pid']}/cwd").readlink()
    except OSError:  # somebody else's
        folder = Path("/")
    return None if info["draining"] else info["app"], folder


def _is_same(mine: str, theirs: str | None, folder: Path) -> bool:
    """Whether two names of apps mean the same, theirs as it reads in that folder."""
    if theirs is None:
        return False
    (target, _, name), (their_target, _, their_name) = mine.partition(":"), theirs.partition(":")
    if name and their_name and name != their_name:
        return False
    return _file_of(target, Path.cwd()) == _file_of(their_target, folder)


def _file_of(target: str, folder: Path) -> Path | str:
    """The file that is meant; the name itself where nobody knows."""
    if target.endswith(".py") or "/" in target:
        return (folder / target).resolve()
    path = folder.joinpath(*target.split("."))
    for file in (path.with_suffix(".py"), path / "__init__.py"):
        if file.is_file():
            return file.resolve()
    return target


@contextlib.contextmanager
def _daemon(app: str, env: dict[str, str], *flags: str) -> Iterator[None]:
    """A daemon that carries out what is submitted, and nothing else."""
    reader, writer = os.pipe()
    command = daemon_command(app, *_FLAGS, *flags, "--ready-fd", str(writer))
    # In a group of its own: a Ctrl-C on the terminal is for us, who then end the run and it.
    child = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, env=env, pass_fds=(writer,), process_group=0
    )
    os.close(writer)
    try:
        with os.fdopen(reader, encoding="utf-8", errors="replace") as pipe:
            told = pipe.readline()
        if told != "\n":
            why = told.strip() or "it ended before it was ready"
            raise AppError(f"no daemon could be started for session.run(): {why}")
        yield
    finally:
        child.terminate()
        child.wait()
