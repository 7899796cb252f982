"""A program with a Flask app, served by gunicorn with four workers."""

import contextlib
import os
import signal
from collections.abc import Iterator
from typing import Final

import psutil

from tests.helpers.daemon import Daemon
from tests.helpers.deadline import until
from tests.helpers.web_app import WebApp, web_app
from tests.helpers.web_shop import BEFORE_FORK

WORKERS: Final = 4
#: A master that has imported the app uses its client before it forks the workers.
_CONFIG: Final = f"""
import os
bind = "127.0.0.1:" + os.environ["PORT"]

def when_ready(server):
    if server.cfg.preload_app:
        from shop import note
        note.apply_with({{"number": {BEFORE_FORK}}}, id="before-fork")
"""
#: gunicorn shows titles, which would overwrite the variables by which tests know a process.
_ENV: Final = {"SPT_NOENV": "1"}


@contextlib.contextmanager
def gunicorn(place: Daemon, *flags: str) -> Iterator[WebApp]:
    """Serve the app of `tests.helpers.web_shop` until the end of the block."""
    (place.cwd / "gunicorn.conf.py").write_text(_CONFIG)
    words = ["-m", "gunicorn", "--no-control-socket", "-w", str(WORKERS), *flags, "shop:app"]
    with web_app(place, *words, env=_ENV) as web:
        yield web


def workers(web: WebApp) -> list[int]:
    """The pids of the workers that live."""
    with contextlib.suppress(psutil.NoSuchProcess):
        below = psutil.Process(web.process.pid).children()
        return [one.pid for one in below if one.status() != psutil.STATUS_ZOMBIE]
    return []


def reload_workers(web: WebApp) -> None:
    """SIGHUP to the master, and wait until other workers serve."""
    before = set(workers(web))
    web.process.send_signal(signal.SIGHUP)
    until(
        lambda: len(now := set(workers(web))) == WORKERS and not now & before,
        within_s=30, what="new workers",
    )  # fmt: skip


def end_in_order(web: WebApp) -> None:
    """SIGTERM to the master, and wait for the end of all its processes."""
    pids = workers(web)
    web.process.terminate()
    assert web.process.wait(30) == 0, web.log.read_text()
    assert not [pid for pid in pids if os.path.exists(f"/proc/{pid}")]
