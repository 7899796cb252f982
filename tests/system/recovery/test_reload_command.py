"""`rtctl reload`: the new app takes over, and the command prints what has changed."""

import json
import threading
from pathlib import Path

import pytest

from tests.helpers.daemon import DaemonMaker
from tests.helpers.deadline import until
from tests.helpers.running import client, executor_of, is_alive

HEAD = """
import time
from pathlib import Path
from rtd import Session

session = Session()

@session.task
def hold(gate):
    while not Path(gate).exists():
        time.sleep(0.01)
    return NUMBER

"""


def app(*names: str, number: int = 0) -> str:
    """An app with a task that waits for a file, and tasks of these names."""
    tasks = [f"@session.task\ndef {name}():\n    return {name!r}\n" for name in names]
    return HEAD + "\n".join([*tasks, f"NUMBER = {number}\n"])


def test_it_says_which_tasks_are_new_changed_and_gone(
    start_daemon: DaemonMaker, tmp_path: Path
) -> None:
    file = tmp_path / "app.py"
    file.write_text(app("one", "two", "three"))
    daemon = start_daemon("app.py", cwd=tmp_path)
    file.write_text("# a line more moves everything\n" + app("one", "two", "four").replace(
        "return 'two'", "return 'another one'"
    ))  # fmt: skip
    said = daemon.ok("reload")
    assert said.splitlines() == ["reloaded: 4 tasks", "new: four", "changed: two", "gone: three"]
    again = json.loads(daemon.ok("reload", "-j"))
    assert (again["added"], again["changed"], again["removed"]) == ([], [], [])
    assert daemon.rtctl("submit", "three").returncode == 5


def test_an_app_that_does_not_import_is_reported_with_its_line_and_the_old_one_goes_on(
    start_daemon: DaemonMaker, tmp_path: Path
) -> None:
    file = tmp_path / "app.py"
    file.write_text(app("one"))
    daemon = start_daemon("app.py", cwd=tmp_path)
    file.write_text(app("one", "two") + "\n\nnot_there()\n")
    failed = daemon.rtctl("reload")
    line = len(file.read_text().splitlines())
    assert failed.returncode == 1
    assert f"name 'not_there' is not defined ({file}, line {line})" in failed.stderr
    assert "the previous app stays in use" in failed.stderr
    assert len(failed.stderr.splitlines()) == 1
    assert daemon.ok("submit", "one", "--wait").strip()
    file.write_text("import os\nos._exit(3)\n" + app("one"))
    failed = daemon.rtctl("reload")
    assert failed.returncode == 1
    assert "exit code 3" in failed.stderr
    assert "the previous app stays in use" in failed.stderr


def test_without_an_app_there_is_nothing_to_reload(start_daemon: DaemonMaker) -> None:
    daemon = start_daemon()
    refused = daemon.rtctl("reload")
    assert refused.returncode == 6
    assert "serves no app" in refused.stderr


def test_a_new_task_is_never_given_to_an_executor_of_before(
    start_daemon: DaemonMaker, tmp_path: Path
) -> None:
    """The earlier executors hear of their retirement a moment after the new tasks are known."""
    file = tmp_path / "app.py"
    file.write_text(app("new0"))
    daemon = start_daemon("app.py", cwd=tmp_path, flags=["--set", "lanes.process.min=2"])
    with client(daemon) as rt:
        for number in range(1, 6):
            rt.submit(f"new{number - 1}").wait(timeout=20)
            file.write_text(app(f"new{number}"))
            rt.rpc.reload()
            runs = [rt.submit(f"new{number}") for _ in range(20)]
            assert {run.wait(timeout=20).result() for run in runs} == {f"new{number}"}


@pytest.mark.slow
def test_a_hanging_import_does_not_bar_the_next_reload(
    start_daemon: DaemonMaker, tmp_path: Path
) -> None:
    file = tmp_path / "app.py"
    file.write_text(app("one"))
    daemon = start_daemon("app.py", cwd=tmp_path)
    file.write_text("import threading\nthreading.Event().wait()\n" + app("one"))
    done = []
    hanging = threading.Thread(target=lambda: done.append(daemon.rtctl("reload")))
    hanging.start()
    until(lambda: "importing for" in daemon.log.read_text(), within_s=20, what="the warning")
    file.write_text(app("one", "two"))
    assert "new: two" in daemon.ok("reload")
    hanging.join(10)
    assert done[0].returncode == 1
    first, last = done[0].stderr.splitlines()
    assert first.startswith("rtctl: waiting: the app is still being imported")
    assert last.endswith("its import was given up: a newer reload was asked for meanwhile")


def test_as_many_generations_as_there_is_room_for_then_a_reload_waits(
    start_daemon: DaemonMaker, tmp_path: Path
) -> None:
    file = tmp_path / "app.py"
    file.write_text(app(number=1))
    daemon = start_daemon("app.py", cwd=tmp_path)
    gates = [tmp_path / f"gate{number}" for number in range(16)]
    with client(daemon) as rt:
        runs, pids = [], []
        for number, gate in enumerate(gates):
            runs.append(rt.submit("hold", gate=str(gate)))
            pids.append(executor_of(rt, runs[-1]))
            if number < len(gates) - 1:
                file.write_text(app(number=10 ** (number + 1)))
                rt.rpc.reload()
        file.write_text(app("last", number=10**17))
        waiting = threading.Thread(target=daemon.rtctl, args=("reload",))
        waiting.start()
        until(lambda: "the reload waits" in daemon.log.read_text(), what="it says that it waits")
        gates[3].touch()
        waiting.join(20)
        assert not waiting.is_alive()
        assert rt.submit("last").wait(timeout=20).result() == "last"
        for gate in gates:
            gate.touch()
        assert [run.wait(timeout=20).result() for run in runs] == [10**n for n in range(16)]
        until(lambda: not any(map(is_alive, pids)), what="the end of the old executors")
