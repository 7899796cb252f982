"""What comes due behind a first daemon that ended soon is not forgotten."""

from datetime import datetime, timedelta
from pathlib import Path

from tests.helpers.daemon import DaemonMaker
from tests.helpers.deadline import until


def test_a_start_that_is_due_after_a_short_first_daemon_is_made_up_for(
    start_daemon: DaemonMaker, tmp_path: Path
) -> None:
    opens = datetime.now().replace(microsecond=0) + timedelta(seconds=8)
    closes = opens + timedelta(seconds=1)
    (tmp_path / "short.py").write_text(
        "from rtd import App\n"
        "app = App()\n"
        f"@app.task(start_cond='daily between {opens:%H:%M:%S} and {closes:%H:%M:%S}',\n"
        "          catch_up='last')\n"
        "def work(): ...\n"
    )
    daemon = start_daemon("short.py", cwd=tmp_path)
    daemon.stop()
    assert datetime.now() < opens, "the first daemon was too slow for this test"
    until(lambda: datetime.now() > closes, what="the window has closed")
    daemon.start()
    until(lambda: daemon.ok("ls", "work", "-q"), what="the run that was missed")
