"""Many open event streams in one worker of gunicorn: with gevent they hold up nothing."""

import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from tests.helpers.daemon import Daemon, DaemonMaker
from tests.helpers.needs_gevent import NEEDS_GEVENT
from tests.helpers.web_app import stop_daemon, web_app, write

STREAMS: Final = 40
SHOP: Final = """
import os, time
from flask import Flask
import rtd
from rtd.flask import BackgroundTaskWorker, stream

app = Flask(__name__)
task_worker = BackgroundTaskWorker(app)

@task_worker.define_task
def wait(path: str):
    rtd.emit("waits")
    while not os.path.exists(path):
        time.sleep(0.01)
    return "went"

@app.post("/runs")
def submit():
    return wait.apply(path="go").to_dict(), 202

@app.get("/runs/<run_id>/events")
def follow(run_id):
    return stream(task_worker.client().get(run_id))

task_worker.start()
"""


@pytest.fixture
def place(prepare_daemon: DaemonMaker, tmp_path: Path) -> Iterator[Daemon]:
    write(tmp_path / "shop.py", SHOP)
    daemon = prepare_daemon(cwd=tmp_path)
    yield daemon
    stop_daemon(daemon)


def read_until(stream: socket.socket, found: bytes, word: bytes) -> bytes:
    """Read on until a word has come. Returns all that was read."""
    while word not in found:
        part = stream.recv(65536)
        assert part, found
        found += part
    return found


@NEEDS_GEVENT
@pytest.mark.slow
def test_a_worker_of_gevent_serves_many_streams(place: Daemon, tmp_path: Path) -> None:
    words = ["-m", "gunicorn", "-w", "1", "-k", "gevent", "shop:app", "-c", "gunicorn.conf.py"]
    write(tmp_path / "gunicorn.conf.py", "import os\nbind = '127.0.0.1:' + os.environ['PORT']\n")
    with web_app(place, *words, env={"SPT_NOENV": "1"}) as web:
        run = web.call("/runs", "POST")[1]["id"]
        streams = [socket.create_connection(("127.0.0.1", web.port), 30) for _ in range(STREAMS)]
        for stream in streams:
            stream.sendall(f"GET /runs/{run}/events HTTP/1.0\r\n\r\n".encode())
        read = [read_until(stream, b"", b'"waits"') for stream in streams]
        assert web.call("/runs", "POST")[0] == 202, "other requests are served"
        write(tmp_path / "go", "")
        for stream, found in zip(streams, read, strict=True):
            assert b"event: end" in read_until(stream, found, b'"result": "went"')
            stream.close()
