"""`daemon_of`: a real daemon for the time of a test."""

from __future__ import annotations

import os
import select
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from rtctl.client.client import Client
from rtd.common.errors import AppError, BadRequest
from rtd.common.text_of import show_value
from rtd.config.python_command import READY, parse_start_line
from rtd.process.tree.kill_environment import kill_environment
from rtd.session.start_daemon import daemon_command

#: How long a daemon may take to end before it is killed.
_STOP_S: Final = 30.0
_KILL_S: Final = 10.0
_SOCKET: Final = "RTD_SOCKET"


@contextmanager
def daemon_of(
    app: str | os.PathLike[str],
    *,
    settings: Mapping[str, object] | None = None,
    env: Mapping[str, str] | None = None,
    only_submitted: bool = False,
    start_s: float = 60.0,
) -> Iterator[Client]:
    """Give a client of a real daemon, which has directories and a Redis of its own.

    ```python
    with daemon_of("app.py", settings={"lanes.process.max": 2}) as rt:
        assert rt.submit("add", a=1, b=2).result(timeout=30) == 3
    ```

    Inside the block `rtctl.Client()` without an address is a client of it, too. At its end the
    daemon, its Redis and everything that its runs started are ended, and its files removed.

    Args:
        app: as for `rtd run`, found from the working directory.
        settings: of the daemon, by name.
        env: variables for the daemon beside those of this process.
        only_submitted: start no task by its condition.
        start_s: how long the daemon may take to come up.

    Raises:
        AppError: the daemon did not come up; the sentence says why.
    """
    if not isinstance(app, str | os.PathLike):
        raise BadRequest(f"app must be the name of an app or its file, not {show_value(app)}")
    # A socket's path has a limit, so not in the directory of a test.
    home = Path(tempfile.mkdtemp(prefix="rtd-testing-"))
    try:
        flags = ["--only-submitted"] if only_submitted else []
        for name, value in (settings or {}).items():
            flags += ["--set", f"{name}={_setting(value)}"]
        serving = _serving(os.fspath(app), flags, home, dict(env or {}), start_s)
        with serving, _address(home), Client() as client:
            yield client
    finally:
        shutil.rmtree(home, ignore_errors=True)


def daemon_fixture(app: str | os.PathLike[str], *, scope: Any = "function", **options: Any) -> Any:
    """Return a fixture of pytest that gives what `daemon_of` gives.

    ```python
    # conftest.py
    from rtd.testing import daemon_fixture

    daemon = daemon_fixture("app.py", scope="session")
    ```

    Args:
        scope: of the fixture.
        options: those of `daemon_of`.
    """
    import pytest  # lazy: rtd.testing needs no test framework

    def daemon() -> Iterator[Client]:
        with daemon_of(app, **options) as client:
            yield client

    return pytest.fixture(scope=scope)(daemon)


def _setting(value: object) -> str:
    if isinstance(value, list | tuple):
        return ",".join(map(str, value))
    return str(value).lower() if isinstance(value, bool) else str(value)


@contextmanager
def _address(home: Path) -> Iterator[None]:
    """Let the clients of this process find the daemon."""
    before = os.environ.get(_SOCKET)
    os.environ[_SOCKET] = str(home / "run" / "rtd.sock")
    try:
        yield
    finally:
        if before is None:
            del os.environ[_SOCKET]
        else:
            os.environ[_SOCKET] = before


@contextmanager
def _serving(
    app: str, flags: list[str], home: Path, env: dict[str, str], start_s: float
) -> Iterator[None]:
    reader, writer = os.pipe()
    command = daemon_command(app, "--redis", "embedded", "--ready-fd", str(writer), *flags)
    inherited = {name: v for name, v in os.environ.items() if not name.startswith("RTD_")}
    own = {"RTD_RUNTIME_DIR": str(home / "run"), "RTD_STATE_DIR": str(home / "state")}
    log = home / "daemon.log"
    with log.open("wb") as output:
        child = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=output,
            env={**inherited, **env, **own}, pass_fds=(writer,), process_group=0,
        )  # fmt: skip
    try:
        os.close(writer)
        with os.fdopen(reader, encoding="utf-8", errors="replace") as pipe:
            if not select.select([pipe], [], [], start_s)[0]:
                raise AppError(f"daemon_of: the daemon of {app} is not up after {start_s:g} s")
            code, why = parse_start_line(pipe.readline())
        if code != READY:
            why = why or _last_line(log)
            raise AppError(f"daemon_of: no daemon came up: {why or 'it has ended'}")
        yield
    finally:
        _stop(child)
        # They inherit its directories; Redis has them in the name of its process.
        kill_environment(home.name, _KILL_S)


def _last_line(log: Path) -> str:
    lines = log.read_text(errors="replace").split("\n")
    return next((line.strip() for line in reversed(lines) if line.strip()), "")


def _stop(child: subprocess.Popen[bytes]) -> None:
    child.terminate()
    try:
        child.wait(_STOP_S)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()
