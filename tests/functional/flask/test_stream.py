"""`rtd.flask.stream`: the events of a run as a browser gets them, from a real web server."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from werkzeug.serving import make_server

from rtd.flask import BackgroundTaskWorker, run_stream, stream
from rtd.session.core.default_session import SESSIONS
from tests.helpers.daemon import Daemon, DaemonMaker
from tests.helpers.deadline import until
from tests.helpers.external import ExternalRedis
from tests.helpers.source import PROGRAMS

WITHIN_S = 30


class Stream:
    """An open answer, message by message."""

    def __init__(self, port: int, path: str, last: str | None = None) -> None:
        self.connection = HTTPConnection("127.0.0.1", port, timeout=WITHIN_S)
        self.connection.request(
            "GET", path, headers={} if last is None else {"Last-Event-ID": last}
        )
        self.answer: HTTPResponse = self.connection.getresponse()
        self.last = last

    def block(self) -> dict[str, str]:
        """Return the fields of the next block, also of a comment; {} at the end."""
        fields: dict[str, str] = {}
        for line in self.answer:
            text = line.decode().rstrip("\n")
            if not text:
                return fields
            name, _, value = text.partition(":")
            fields[name or "comment"] = value.strip()
        return fields

    def next(self) -> tuple[str, Any]:
        """Return the name and the data of the next message."""
        while fields := self.block():
            if "data" in fields:
                self.last = fields.get("id", self.last)
                return fields.get("event", "message"), json.loads(fields["data"])
        return "closed", None

    def until(self, name: str) -> list[tuple[str, Any]]:
        """Return all messages up to one of this name."""
        found = [self.next()]
        while found[-1][0] not in (name, "closed"):
            found.append(self.next())
        return found

    def close(self) -> None:
        self.answer.close()
        self.connection.close()


class Web:
    """A web app in this process, with a real server."""

    def __init__(self, url: str) -> None:
        app = Flask("web")
        app.config["TASKER_URL"] = url
        self.worker = BackgroundTaskWorker(app)
        for name in ("steps", "unknown"):
            self.worker.define_task(name=name)(lambda **_: None)
        self.client = self.worker.client()

        @app.get("/runs/<run_id>")
        def show(run_id: str) -> Any:
            return stream(self.worker.get_or_404(run_id))

        self.server = make_server("127.0.0.1", 0, app, threaded=True)
        self.thread = threading.Thread(target=self.server.serve_forever)

    def open(self, path: str, last: str | None = None) -> Stream:
        return Stream(self.server.server_port, path, last)


@pytest.fixture(autouse=True, scope="module")
def no_daemon() -> Iterator[None]:
    """Is no daemon's process, also where an earlier test in this process has imported an app."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(SESSIONS, "imported_by_rtd", False)
        yield


@contextmanager
def served(url: str) -> Iterator[Web]:
    web = Web(url)
    web.thread.start()
    try:
        yield web
    finally:
        web.server.shutdown()
        web.thread.join(WITHIN_S)
        web.server.server_close()
        web.client.close()


@pytest.fixture(scope="module", params=["socket", "redis"])
def web(
    no_daemon: None, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Web]:
    redis = ExternalRedis(tmp_path_factory.mktemp("r"))
    redis.start()
    daemon = Daemon("stepwise", ["--set", f"redis={redis.url}"], cwd=PROGRAMS)
    try:
        daemon.start()
        with served(str(daemon.socket) if request.param == "socket" else redis.url) as web:
            yield web
    finally:
        left = daemon.close_and_tell()
        redis.kill()
    assert not left, left


def submit(web: Web, folder: Path, count: int = 2) -> Any:
    return web.client.submit("steps", folder=str(folder), count=count)


def emitted(web: Web, run: Any) -> list[int]:
    """Return the numbers that a run has emitted so far."""
    events = web.client.rpc.events(run=run.id, since="0-0", type=["stepped"])
    return [event["data"]["number"] for event in events]


def test_a_run_is_followed_to_its_end(web: Web, tmp_path: Path) -> None:
    run = submit(web, tmp_path)
    until(lambda: run.state == "running")
    opened = web.open(f"/runs/{run.id}")
    assert opened.answer.headers["Content-Type"].startswith("text/event-stream")
    assert opened.answer.headers["X-Accel-Buffering"] == "no"
    name, first = opened.next()
    assert (name, first["state"], first["progress"]) == ("message", "running", None)
    for number in (1, 2):
        (tmp_path / str(number)).touch()
        if number == 1:
            event = {"event": "stepped", "data": {"number": 1}}
            assert opened.until("emit")[-1] == ("emit", event)
            while (shown := opened.next()[1])["progress"] is None:
                pass
            assert shown["progress"]["done"] == 1
    rest = opened.until("end")
    assert ("emit", {"event": "stepped", "data": {"number": 2}}) in rest
    name, shown = rest[-1]
    assert (shown["state"], shown["result"]) == ("succeeded", {"steps": 2})
    assert shown == run.to_dict()
    assert opened.next() == ("closed", None)
    assert web.open(f"/runs/{run.id}", opened.last).answer.status == 204


def test_a_browser_that_comes_back_misses_nothing(web: Web, tmp_path: Path) -> None:
    run = submit(web, tmp_path, 4)
    opened = web.open(f"/runs/{run.id}")
    opened.next()
    (tmp_path / "1").touch()
    assert opened.until("emit")[-1][1]["data"] == {"number": 1}
    opened.close()
    (tmp_path / "2").touch()
    until(lambda: emitted(web, run) == [1, 2])
    opened = web.open(f"/runs/{run.id}", opened.last)
    name, shown = opened.next()
    assert (name, shown["state"], shown["progress"] is None) == ("message", "running", False)
    assert opened.until("emit")[-1][1]["data"] == {"number": 2}
    opened.close()
    for number in (3, 4):
        (tmp_path / str(number)).touch()
    run.wait(WITHIN_S)
    found = web.open(f"/runs/{run.id}", opened.last).until("end")
    assert [body["data"]["number"] for name, body in found if name == "emit"] == [3, 4]
    assert [name for name, _ in found] == ["emit", "emit", "end"]


def test_what_was_emitted_before_is_sent(web: Web, tmp_path: Path) -> None:
    for name in ("1", "2", "fail"):
        (tmp_path / name).touch()
    run = submit(web, tmp_path).wait(WITHIN_S)
    found = web.open(f"/runs/{run.id}").until("end")
    assert [body["data"]["number"] for name, body in found if name == "emit"] == [1, 2]
    assert (found[-1][1]["state"], found[-1][1]["error"]) == ("error", "Error: no ink")
    for other in ("nosuchrun", run.id[-8:], run.id[:10], run.id.lower(), "x" * 26, "@@"):
        assert web.open(f"/runs/{other}").answer.status == 404, other


def test_only_whole_ids_of_own_tasks_are_taken(web: Web, tmp_path: Path) -> None:
    (tmp_path / "1").touch()
    run = web.client.task("steps", id=f"own-{tmp_path.name}").submit(folder=str(tmp_path), count=1)
    assert web.open(f"/runs/own-{tmp_path.name}").until("end")[-1][1]["id"] == run.id
    other = web.client.command("true")
    assert web.open(f"/runs/{other.id}").answer.status == 404


def test_a_silent_run_has_a_heartbeat(
    web: Web, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run_stream, "HEARTBEAT_S", 0.1)
    monkeypatch.setattr(run_stream, "_FIRST_WAIT_S", 0.1)
    run = submit(web, tmp_path)
    opened = web.open(f"/runs/{run.id}")
    opened.next()
    while "comment" not in opened.block():
        pass
    threads = threading.active_count()
    opened.close()  # the server notices it when it writes
    until(lambda: threading.active_count() < threads, what="the thread of the server is free")
    for name in ("1", "2"):
        (tmp_path / name).touch()
    run.wait(WITHIN_S)


def test_a_restart_of_the_daemon_is_waited_out(prepare_daemon: DaemonMaker, tmp_path: Path) -> None:
    daemon = prepare_daemon("stepwise", cwd=PROGRAMS).start()
    with served(str(daemon.socket)) as web:
        run = submit(web, tmp_path)
        until(lambda: run.state == "running")
        opened = web.open(f"/runs/{run.id}")
        opened.next()
        assert daemon.process is not None
        daemon.process.kill()
        daemon.process.wait(WITHIN_S)
        daemon.start()
        for name in ("1", "2"):
            (tmp_path / name).touch()
        run.wait(WITHIN_S)
        assert opened.until("end")[-1][1] == run.to_dict()
