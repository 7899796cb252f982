"""The `rt_settings` of redis-tasks beside an app: what starts, and what `rtctl status` says."""

import subprocess
from pathlib import Path

from tests.helpers.daemon import BIN, DaemonMaker
from tests.helpers.deadline import until
from tests.helpers.running import client

TASKS = """
from rtd import redis_task

@redis_task(reentrant=True)
def measure(url):
    return len(url)
"""
SETTINGS = """
from rtd import run_every

REDIS_URL = "redis://127.0.0.1:6379"
SCHEDULE = {
    "measure_often": {
        "task": "tasks.measure",
        "schedule": run_every(seconds=1),
        "kwargs": {"url": "https://example.org/"},
    }
}
"""


def test_the_schedule_starts_tasks_and_what_has_no_effect_is_a_fault(
    start_daemon: DaemonMaker, tmp_path: Path
) -> None:
    (tmp_path / "tasks.py").write_text(TASKS)
    (tmp_path / "rt_settings.py").write_text(SETTINGS)
    daemon = start_daemon("tasks.py", cwd=tmp_path)
    checked = subprocess.run(
        ["rtd", "check", "tasks.py"], executable=BIN / "rtd", cwd=tmp_path, env=daemon.env,
        capture_output=True, text=True, timeout=30, check=False,
    )  # fmt: skip
    assert checked.returncode == 3
    assert "measure_often  process" in checked.stdout
    [line] = checked.stderr.splitlines()
    assert line.startswith("rtd: settings REDIS_URL: in rtd it is the setting `redis`")
    assert "setting `redis` of the daemon" in daemon.rtctl("status").stdout
    with client(daemon) as rt:
        until(lambda: rt.ls(task="measure_often", state="succeeded"), what="a run by the schedule")
        run = rt.ls(task="measure_often", state="succeeded")[0]
        assert run.result() == len("https://example.org/")
