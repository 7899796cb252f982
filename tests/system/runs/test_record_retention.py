"""Records of finished runs are kept for the retention, and then no longer."""

from tests.helpers.daemon import Daemon
from tests.helpers.deadline import until


def test_a_record_older_than_the_retention_is_forgotten(daemon: Daemon) -> None:
    run_id = daemon.ok("submit", "--wait", "-p", "--", "true").strip()
    daemon.stop()
    daemon.start()
    assert run_id in daemon.ok("show", run_id)
    daemon.stop()
    daemon.command += ["--set", "retention=0.001"]
    daemon.start()
    until(lambda: daemon.rtctl("show", run_id).returncode == 5, what="the record's end")
    assert run_id not in daemon.ok("ls")
