"""Servers with several processes: one daemon for all, and each `apply` is one run."""

import itertools
import os
import random
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from tests.helpers.daemon import Daemon, DaemonMaker
from tests.helpers.deadline import until
from tests.helpers.external import ExternalRedis
from tests.helpers.gunicorn_app import end_in_order, gunicorn, reload_workers, workers
from tests.helpers.numbered_requests import NumberedRequests
from tests.helpers.web_app import WebApp, stop_daemon, web_app, write
from tests.helpers.web_shop import SHOP, check_each_ran_once, ran_as, supervisors

KILLS: Final = 25
SERVE: Final = 'app.run(port=int(os.environ["PORT"]), debug=True)\n'


@pytest.fixture
def place(prepare_daemon: DaemonMaker, tmp_path: Path) -> Iterator[Daemon]:
    write(tmp_path / "shop.py", SHOP)
    daemon = prepare_daemon(cwd=tmp_path, env={"RAN": str(tmp_path / "ran")})
    yield daemon
    stop_daemon(daemon)


@pytest.mark.slow
@pytest.mark.parametrize("preload", [False, True], ids=["each", "preload"])
@pytest.mark.parametrize("kind", ["sync", "gthread"])
def test_workers_of_gunicorn_have_one_daemon(place: Daemon, kind: str, preload: bool) -> None:
    flags = ["-k", kind, "--threads", "2" if kind == "gthread" else "1"]
    flags += ["--preload"] if preload else []
    with gunicorn(place, *flags) as web:
        with NumberedRequests(web.port, range(1, 1001)) as requests:
            requests.until_answered(300)
            first = supervisors(place)
            reload_workers(web)
            requests.join()
        assert not requests.broken, "a reload in order breaks no connection"
        check_each_ran_once(place, requests)
        assert (len(first), supervisors(place)) == (1, first)
        end_in_order(web)
    place.ok("ping")
    assert supervisors(place) == first, "it outlives the web"
    with gunicorn(place, *flags) as web:
        with NumberedRequests(web.port, range(1001, 1101)) as more:
            more.join()
        check_each_ran_once(place, requests, more)
    assert supervisors(place) == first


@pytest.mark.slow
def test_the_reloader_of_flask_has_one_daemon(place: Daemon, tmp_path: Path) -> None:
    write(tmp_path / "shop.py", SHOP + SERVE)
    with web_app(place, "shop.py") as web:
        with NumberedRequests(web.port, itertools.count(1)) as requests:
            requests.until_answered(300)
            first = supervisors(place)
            write(tmp_path / "shop.py", SHOP.replace("VERSION = 1", "VERSION = 2") + SERVE)
            until(lambda: ran_as(place, 2), within_s=30, what="a run of the second version")
            requests.until_answered(1000)
        check_each_ran_once(place, requests)
        assert ran_as(place, 1)
        assert (len(first), supervisors(place)) == (1, first)


@pytest.mark.slow
def test_killed_workers_leave_each_run_once_or_not_at_all(place: Daemon) -> None:
    place.env["DIES"] = "yes"
    with gunicorn(place, "--preload") as web:
        requests = kill_workers(web)
        check_each_ran_once(place, requests)
        assert len(supervisors(place)) == 1


@pytest.mark.slow
def test_killed_workers_without_a_daemon_leave_each_run_once_or_not_at_all(
    place: Daemon, start_daemon: DaemonMaker, external: ExternalRedis
) -> None:
    served = {"RTD_REDIS": external.url, "RAN": place.env["RAN"]}
    worker = start_daemon("shop.py", cwd=place.cwd, env=served)
    place.env |= {"DIES": "yes", "REDIS_URL": external.url}
    with gunicorn(place, "--preload") as web:
        requests = kill_workers(web)
        check_each_ran_once(worker, requests)
        assert supervisors(place) == []


def kill_workers(web: WebApp) -> NumberedRequests:
    """Kill workers at random moments while requests are answered. Returns what was sent."""
    chance = random.Random(7)
    with NumberedRequests(web.port, itertools.count(1), threads=6) as requests:
        for kill in range(1, KILLS + 1):
            requests.until_answered(20 * kill + chance.randrange(20))
            found = until(lambda: workers(web), what="a worker")
            os.kill(chance.choice(found), signal.SIGKILL)
        requests.until_answered(20 * KILLS + 100)
    assert len(requests.broken) > KILLS, "the timers ended some, too"
    return requests
