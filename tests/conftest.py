"""Fixtures for all tests."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.helpers.daemon import Daemon


@pytest.fixture
def start_daemon() -> Iterator[Callable[..., Daemon]]:
    """Start daemons, with the arguments of `Daemon`; at the end none may leave a process behind."""
    daemons: list[Daemon] = []

    def start(*args: Any, **kwargs: Any) -> Daemon:
        daemons.append(Daemon(*args, **kwargs))
        return daemons[-1].start()

    yield start
    logs = {daemon.mark: daemon.log for daemon in daemons}
    left = []
    for daemon in daemons:
        text = logs[daemon.mark].read_text() if logs[daemon.mark].exists() else ""
        found = daemon.close()
        if found:
            left.append(f"left behind: {found}; the daemon's log:\n{text}")
    assert not left, "\n".join(left)


@pytest.fixture
def daemon(start_daemon: Callable[..., Daemon]) -> Daemon:
    """A running daemon without an app."""
    return start_daemon()
