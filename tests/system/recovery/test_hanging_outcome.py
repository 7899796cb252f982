"""Middleware that hangs when it hears of an end that rtd has made."""

import shutil
from pathlib import Path

from tests.helpers.daemon import DaemonMaker
from tests.helpers.deadline import until
from tests.helpers.running import client
from tests.helpers.source import PROGRAMS


def test_one_that_hangs_is_stopped_and_the_others_are_heard_of(
    start_daemon: DaemonMaker, tmp_path: Path
) -> None:
    shutil.copy(PROGRAMS / "wrapped.py", tmp_path)
    diary = tmp_path / "diary"
    daemon = start_daemon("wrapped.py", cwd=tmp_path, env={"WRAPPED_DIARY": str(diary)})
    with client(daemon) as rt:
        hanging = rt.submit("work/thread", mode="stay and hang")
        until(lambda: diary.exists() and "staying" in diary.read_text(), what="it stays")
        hanging.kill()
        assert hanging.wait(20).state == "terminated"
        other = rt.submit("work/thread", mode="stay")
        until(lambda: f"{other.id} staying" in diary.read_text(), what="it stays")
        other.kill()
        other.wait(20)
        until(lambda: f"{other.id} outcome" in diary.read_text(), within_s=60, what="it is heard")
        assert diary.read_text().count(f"{other.id} outcome") == 1
        assert diary.read_text().count(f"{hanging.id} outcome") == 1
        assert "it took too long and was stopped" in daemon.rtctl("status").stdout
