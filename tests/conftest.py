"""Fixtures for all tests, and how the tests are spread over the cores."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.helpers.daemon import Daemon


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """Return how many workers `-n auto` starts: none for single tests, files or a `-k`.

    Otherwise there is one more than there are cores, because many tests wait for a daemon.
    """
    picked = [arg for arg in config.args if "::" in arg or Path(arg).is_file()]
    if config.option.keyword or config.option.lf or picked == config.args:
        return 0
    return len(os.sched_getaffinity(0)) + 1


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Start the slow tests first, so that none of them runs alone at the end."""
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)


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
