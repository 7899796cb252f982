"""Fixtures for all tests, and how the tests are spread over the cores."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from tests.helpers.daemon import Daemon, DaemonMaker, shared_daemon
from tests.helpers.external import ExternalRedis
from tests.helpers.other_user import open_folder
from tests.helpers.source import PROGRAMS


def pytest_configure() -> None:
    """Let the programs that tests start be interrupted.

    A shell lets what it starts with `&` ignore Ctrl-C and Ctrl-\\, `nohup` the end of its
    terminal, and children inherit that. What has a handler here is no longer ignored there.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    for number in (signal.SIGQUIT, signal.SIGHUP):
        if signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, lambda _number, _frame: None)
    # Users' programs have buffers; with this variable the order of the output would be another.
    os.environ.pop("PYTHONUNBUFFERED", None)
    # How fast values are made depends on what else the machine does.
    settings.register_profile("rtd", deadline=None, suppress_health_check=[HealthCheck.too_slow])
    settings.load_profile("rtd")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """Return how many workers `-n auto` starts: none for single tests, files or a `-k`.

    Otherwise there are two more than there are cores, because many tests wait for a daemon.
    """
    picked = [arg for arg in config.args if "::" in arg or Path(arg).is_file()]
    if config.option.keyword or config.option.lf or picked == config.args:
        return 0
    return len(os.sched_getaffinity(0)) + 2


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Start the slow tests first, so that none of them runs alone at the end."""
    items.sort(key=lambda item: item.get_closest_marker("slow") is None)


@pytest.fixture(scope="session")
def jobs() -> Iterator[Daemon]:
    """A daemon with tasks. Shared: use queues and gates of your own, end what you start."""
    flags = ["--set", "lanes.thread.concurrency=32"]
    with shared_daemon("jobs:session", cwd=PROGRAMS, flags=flags) as daemon:
        yield daemon


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder of this user that all others may read."""
    with open_folder() as found:
        yield found


@pytest.fixture
def gate(tmp_path: Path) -> Iterator[Path]:
    """A file that the task `hold` waits for; it comes at the end at the latest."""
    path = tmp_path / "gate"
    yield path
    path.touch()


@pytest.fixture
def external(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ExternalRedis]:
    """A Redis of the test's own."""
    redis = ExternalRedis(tmp_path_factory.mktemp("r"))
    redis.start()
    yield redis
    redis.kill()


@pytest.fixture
def prepare_daemon() -> Iterator[DaemonMaker]:
    """Make daemons that are not started, with the arguments of `tests.helpers.daemon.Daemon`.

    At the end each is stopped; none may leave a process behind.
    """
    daemons: list[Daemon] = []

    def prepare(*args: Any, **kwargs: Any) -> Daemon:
        daemons.append(Daemon(*args, **kwargs))
        return daemons[-1]

    yield prepare
    left = [text for daemon in daemons if (text := daemon.close_and_tell())]
    assert not left, "\n".join(left)


@pytest.fixture
def start_daemon(prepare_daemon: DaemonMaker) -> DaemonMaker:
    """Start daemons, with the arguments of `tests.helpers.daemon.Daemon`."""

    def start(*args: Any, **kwargs: Any) -> Daemon:
        return prepare_daemon(*args, **kwargs).start()

    return start


@pytest.fixture
def daemon(start_daemon: DaemonMaker) -> Daemon:
    """A running daemon without an app."""
    return start_daemon()
