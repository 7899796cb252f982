"""The runs of a Flask app's tasks are inside a new context of their app, in every lane."""

from pathlib import Path
from typing import Any

import pytest

from rtctl import Client, RunFailed
from tests.helpers.daemon import Daemon, DaemonMaker
from tests.helpers.deadline import until
from tests.helpers.needs_gevent import GREENLET
from tests.helpers.source import PROGRAMS

LANES = ["process", "fresh", "thread", "main", "async", GREENLET]
WITHIN_S = 30


@pytest.fixture
def served(start_daemon: DaemonMaker, tmp_path: Path) -> Daemon:
    """A daemon with the apps `first` and `second`; its diary is in `tmp_path`."""
    env = {
        "FLASK_DIARY": str(tmp_path / "diary"),
        "FLASK_INSTANCE": str(tmp_path),
        "FLASK_DATABASE": f"sqlite:///{tmp_path / 'database'}",
    }
    return start_daemon("flask_tasks", cwd=PROGRAMS, env=env)


def client_of(daemon: Daemon) -> Client:
    return Client(daemon.socket)


def result(client: Client, task: str, app: str | None = None, **params: Any) -> Any:
    headers = {} if app is None else {"headers": {"rtd-flask-app": app}}
    return client.task(task, **headers).submit(**params).result(timeout=WITHIN_S)


def lines(tmp_path: Path) -> list[str]:
    return (tmp_path / "diary").read_text().splitlines()


@pytest.mark.slow
@pytest.mark.parametrize("lane", LANES)
def test_a_run_is_inside_a_new_context_of_its_app(
    served: Daemon, tmp_path: Path, lane: str
) -> None:
    with client_of(served) as client:
        for app in ("first", "second", None):
            found = result(client, lane, app)
            name = app or "first"
            assert (found["app"], found["parameter"], found["used"]) == (name, name, False)
        until(lambda: lines(tmp_path).count(f"process_outcome second {lane} False") == 1)
    written = lines(tmp_path)
    assert written.count(f"run_task second {lane}") == 1
    assert written.count(f"run_task first {lane}") == 2
    assert "after_fork second" in written
    assert "imported True true" in written


@pytest.mark.slow
def test_what_happens_around_the_runs(served: Daemon, tmp_path: Path) -> None:
    with client_of(served) as client:
        with pytest.raises(RunFailed, match="no ink"):
            result(client, "fail", "second")
        until(lambda: "process_outcome second fail True" in lines(tmp_path))
        assert "teardown second Error" in lines(tmp_path)
        assert result(client, "Steps", "second", number=3) == (3, "second")
        assert "context second" in lines(tmp_path)
        assert result(client, "yearly") == 4
        child = result(client, "parent", "second", number=4)
        run = client.get(child)
        assert run.result(timeout=WITHIN_S) == 8
        assert client.rpc.show(run=child)["headers"] == {
            "rtd-flask-app": "second",
            "rtd-flask-apps": "2",
        }
        with pytest.raises(RunFailed, match=r"belongs to the Flask app 'third'.*first, second"):
            result(client, "double", "third", number=1)


@pytest.mark.slow
def test_conditions_and_hooks_are_inside_a_context_of_the_first_app(
    served: Daemon, tmp_path: Path
) -> None:
    conditions = "condition first False"
    until(lambda: lines(tmp_path).count(conditions) > 1, what="two cycles")
    assert served.stop() == 0
    written = lines(tmp_path)
    for place in ("startup", "after startup", "cycle", "shutdown"):
        assert f"{place} first" in written
    assert [line for line in written if line.startswith("condition")] == [
        conditions
    ] * written.count(conditions)
    assert "hook" not in served.log.read_text()


@pytest.mark.slow
def test_the_import_starts_no_server_and_leaves_no_connection(
    served: Daemon, tmp_path: Path
) -> None:
    log = served.log.read_text()
    assert "connection" not in log
    assert "Serving Flask" not in log
    status = served.ok("status")
    assert "FAULT" not in status
    written = lines(tmp_path)
    assert [line.split()[1] for line in written if line.startswith("before_fork")] == [
        "first",
        "second",
    ]
