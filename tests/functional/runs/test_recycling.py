"""Executors that are replaced because they have grown."""

from tests.helpers.daemon import DaemonMaker
from tests.helpers.running import SMALL, client
from tests.helpers.source import PROGRAMS


def test_an_app_above_the_memory_limit_of_its_lane_still_has_its_runs(
    start_daemon: DaemonMaker,
) -> None:
    flags = [*SMALL, "--set", "lanes.process.max_memory=1 MB"]
    daemon = start_daemon("jobs:session", cwd=PROGRAMS, flags=flags)
    with client(daemon) as rt:
        runs = [rt.submit("add", a=number) for number in range(5)]
        assert [run.result(timeout=20) for run in runs] == list(range(5))
