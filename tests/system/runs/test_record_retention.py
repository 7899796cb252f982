"""Records of finished runs are kept for the retention, and then no longer."""

from rtd.store.connection.command import RedisCommand
from tests.helpers.daemon import Daemon
from tests.helpers.deadline import until
from tests.helpers.occurrences import connect_redis


def test_a_record_older_than_the_retention_is_forgotten(daemon: Daemon) -> None:
    run_id = daemon.ok("submit", "--wait", "-p", "--", "true").strip()
    daemon.stop()
    daemon.start()
    assert run_id in daemon.ok("show", run_id)
    keyed = daemon.ok("submit", "--wait", "-p", "--id", "mine", "--", "true").strip()
    with connect_redis(daemon) as link:
        for one in (run_id, keyed):  # they can go without being read
            link.execute(RedisCommand(("SET", f"{{rtd:rtd}}:r:{one}", b"garbage")))
    last = daemon.ok("submit", "--wait", "-p", "--", "true").strip()
    daemon.stop()
    daemon.command += ["--set", "retention=0.001"]
    daemon.start()
    for one in (run_id, keyed, last):
        until(lambda: daemon.rtctl("show", one).returncode == 5, what="its end")  # noqa: B023
    assert run_id not in daemon.ok("ls")
    assert "Traceback" not in daemon.log.read_text()
