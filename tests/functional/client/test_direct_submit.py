"""Submits that go straight into Redis are the same as those through the daemon."""

import os
import time
from pathlib import Path

import pytest

from rtctl import Client
from rtctl.client.direct_submit import DirectSubmitter
from rtd.common.errors import ParameterError, UnserialisableError
from rtd.common.ids import new_id
from tests.helpers.daemon import Daemon, DaemonMaker
from tests.helpers.deadline import until
from tests.helpers.source import PROGRAMS


@pytest.fixture
def client(jobs: Daemon) -> Client:
    """A client of a daemon that has begun to make offers."""
    client = Client(jobs.socket)
    until(lambda: client.submit("nap", seconds=0).id and client._submitter._direct_submitter._known)
    client.close()
    return client


def test_the_second_submit_of_a_task_needs_no_daemon_and_its_run_is_the_same(
    jobs: Daemon, client: Client
) -> None:
    with client:
        through, past = client.submit("add", a=1, b=2), client.submit("add", a=1, b=2)
        assert client._submitter._direct_submitter._idle, "it was used"
        assert (through.wait(timeout=20).result(), past.wait(timeout=20).result()) == (3, 3)
        one, other = (client.rpc.show(run=run.id) for run in (through, past))
        assert one["submitted_by"] == other["submitted_by"]
        assert one["policies"] == other["policies"]


def test_wrong_parameters_get_the_daemon_s_own_error(client: Client) -> None:
    with client:
        client.submit("add", a=1, b=2).wait(timeout=20)
        with pytest.raises(ParameterError, match="it takes"):
            client.submit("add", a=1, c=2)
        with pytest.raises(UnserialisableError, match=r"params\.a"):
            client.submit("add", a=object(), b=2)


def test_an_offer_that_is_no_good_sends_everybody_the_usual_way(client: Client) -> None:
    with client:
        offer = client.rpc.submit(
            task="add", params={"a": 1, "b": 2}, ids=[new_id()], shortcut=True
        )["shortcut"]
        assert offer is not None
        for broken in ({"digest": "0" * 40}, {"socket": "/nonexistent"}):
            shortcuts = DirectSubmitter()
            shortcuts.store_offer("add", {**offer, **broken})
            assert shortcuts.submit("add", new_id(), {"a": 1, "b": 2}, {}) is None
            shortcuts.close()
        shortcuts = DirectSubmitter()
        shortcuts.store_offer("add", offer)
        run_id = new_id()
        assert shortcuts.submit("add", run_id, {"a": 1, "b": 2}, {}) is True
        assert shortcuts.submit("add", run_id, {"a": 1, "b": 2}, {}) is False
        shortcuts.close()


def test_options_and_commands_go_through_the_daemon(jobs: Daemon, client: Client) -> None:
    with client:
        for _ in range(2):
            client.command("true").wait(timeout=20)
            client.task("add", priority=5).submit(a=1, b=2).wait(timeout=20)
        assert not client._submitter._direct_submitter._idle


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can tell another user's Redis")
def test_redis_stays_closed_to_others(jobs: Daemon) -> None:
    redis_dir = Path(jobs.env["RTD_STATE_DIR"]) / "redis"
    assert redis_dir.stat().st_mode & 0o077 == 0


def test_a_forked_child_queues_directly_over_connections_of_its_own(
    jobs: Daemon, client: Client
) -> None:
    with client:
        for _ in range(2):
            client.submit("add", a=1, b=2)
        of_parent = list(client._submitter._direct_submitter._idle)
        child = os.fork()
        if child == 0:
            code = 1
            try:
                runs = [client.submit("add", a=3, b=4) for _ in range(2)]
                own = client._submitter._direct_submitter._idle
                is_direct = len(own) == 1 and own[0] not in of_parent
                by = {client.rpc.show(run=run.id)["submitted_by"] for run in runs}
                if is_direct and len(by) == 1 and f"pid {os.getpid()}" in by.pop():
                    code = 0
            finally:
                os._exit(code)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        assert client.submit("add", a=1, b=2).wait(timeout=20).result() == 3


def test_an_offer_stands_until_the_app_changes(start_daemon: DaemonMaker, tmp_path: Path) -> None:
    app = tmp_path / "app.py"
    source = (
        "from rtd import Session\nsession = Session()\n@session.task\ndef add(a, b): return a + b\n"
    )
    app.write_text(source)
    daemon = start_daemon("app.py", cwd=tmp_path)
    with Client(daemon.socket) as client:
        direct = client._submitter._direct_submitter
        until(lambda: client.submit("add", a=1, b=2).id and "add" in direct._known)
        good_until, offer = direct._known["add"]
        assert good_until > time.monotonic() + 50
        assert direct.submit("add", new_id(), {"a": 1, "b": 2}, {}) is True
        app.write_text(source.replace("(a, b): return a + b", "(a): return -a"))
        daemon.ok("reload")
        until(lambda: direct.submit("add", new_id(), {"a": 1, "b": 2}, {}) is None)
        with pytest.raises(ParameterError, match="does not take 'b'"):
            client.submit("add", a=1, b=2)
        assert client.submit("add", a=1).result(timeout=20) == -1
        assert direct._known["add"][1]["name"] != offer["name"]


def test_a_daemon_that_ends_takes_its_offers_back(
    start_daemon: DaemonMaker, tmp_path: Path
) -> None:
    daemon = start_daemon("jobs:session", cwd=PROGRAMS)
    with Client(daemon.socket) as client:
        direct = client._submitter._direct_submitter
        until(lambda: client.submit("add", a=1, b=2).id and "add" in direct._known)
        run = client.submit("hold", gate=str(tmp_path / "gate"))
        until(lambda: run.state == "running")
        assert daemon.process is not None
        daemon.process.terminate()
        until(lambda: direct.submit("add", new_id(), {"a": 1, "b": 2}, {}) is None)
        (tmp_path / "gate").touch()
        assert daemon.process.wait(20) == 0
