"""Task files that come, change and go are in force soon, and touch nothing that runs."""

import os
import shutil
import subprocess
import time
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from rtctl import Client
from tests.helpers.daemon import Daemon, DaemonMaker
from tests.helpers.deadline import until
from tests.helpers.running import client, executor_of, is_alive, restart_supervisor

MAIN = """
from rtd import Session
from rtd.tasks.loaders import PyLoader

session = Session()
PyLoader("tasks", glob="**/tasks.py")
"""
TASK = """
import time
from pathlib import Path
from rtd.tasks import FuncTask

@FuncTask()
def {name}(gate=None):
    while gate and not Path(gate).exists():
        time.sleep(0.01)
    return {value}
"""
#: In force within a second on an idle machine; a busy one gets more.
SOON_S = 15.0


def write(project: Path, name: str, value: int = 0) -> Path:
    """A task file with one task of that name, as an editor saves it: by a rename."""
    file = project / "tasks" / name / "tasks.py"
    file.parent.mkdir(parents=True, exist_ok=True)
    new = file.with_name("tasks.py.new")
    new.write_text(TASK.format(name=name, value=value))
    new.replace(file)
    return file


def names(rt: Client) -> set[str]:
    return {row["name"] for row in rt.tasks()} - {"command"}


def until_tasks(rt: Client, *wanted: str) -> None:
    until(lambda: names(rt) == set(wanted), within_s=SOON_S, what=f"the tasks {wanted}")


def generations(daemon: Daemon) -> int:
    """How many times the app has been reloaded."""
    return daemon.log.read_text().count("reloaded in")


def failures(daemon: Daemon) -> int:
    """How many reloads have failed."""
    return daemon.log.read_text().count("not reloaded")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "main.py").write_text(MAIN)
    write(tmp_path, "one", 1)
    return tmp_path


@pytest.fixture
def daemon(start_daemon: DaemonMaker, project: Path) -> Daemon:
    return start_daemon("main.py", cwd=project)


def test_a_new_a_changed_and_a_removed_file(daemon: Daemon, project: Path) -> None:
    gate = project / "gate"
    with client(daemon) as rt:
        going = rt.submit("one", gate=str(gate))
        pid = executor_of(rt, going)
        write(project, "two", 2)
        until_tasks(rt, "one", "two")
        assert rt.submit("two").wait(timeout=20).result() == 2
        for value in range(3, 6):  # the same size, within the same second
            write(project, "two", value)
            until(lambda v=value: rt.submit("two").wait(timeout=20).result() == v,  # type: ignore[misc]
                  within_s=SOON_S, what="the new code")  # fmt: skip
        (project / "tasks" / "two" / "tasks.py").unlink()
        until_tasks(rt, "one")
        assert daemon.rtctl("submit", "two").returncode == 5
        shutil.rmtree(project / "tasks" / "one")
        until_tasks(rt)
        assert going.state == "running"
        gate.touch()
        assert going.wait(timeout=20).result() == 1
        until(lambda: not is_alive(pid), what="the end of the executor of before")
    assert "task files have changed (tasks/two/tasks.py): reloading" in daemon.log.read_text()


def test_a_burst_of_files_in_new_folders_is_one_reload(daemon: Daemon, project: Path) -> None:
    with client(daemon) as rt:
        made = [f"deep_{number}" for number in range(50)]
        for name in made:
            file = project / "tasks" / "a" / name / "b" / "tasks.py"
            file.parent.mkdir(parents=True)
            file.write_text(TASK.format(name=name, value=1))
        until_tasks(rt, "one", *made)
        assert generations(daemon) <= 2
        file.write_text(TASK.format(name="other", value=1))
        until_tasks(rt, "one", "other", *made[:-1])


def test_other_files_than_task_files_reload_nothing(daemon: Daemon, project: Path) -> None:
    with client(daemon) as rt:
        (project / "tasks" / "one" / "notes.txt").write_text("x")
        (project / "tasks" / "new").mkdir()
        (project / "tasks" / "one" / "__pycache__").mkdir(exist_ok=True)
        os.utime(project / "tasks" / "one")
        write(project, "two", 2)
        until_tasks(rt, "one", "two")
    assert generations(daemon) == 1


def test_a_broken_file_takes_its_tasks_out_and_is_a_fault_until_it_is_mended(
    daemon: Daemon, project: Path
) -> None:
    with client(daemon) as rt:
        file = write(project, "two", 2)
        until_tasks(rt, "one", "two")
        file.write_text("def (:\n")
        until_tasks(rt, "one")
        fault = f"loader tasks/two/tasks.py: SyntaxError: invalid syntax ({file}, line 1)"
        until(lambda: fault in daemon.log.read_text(), what="the fault in the log")
        refused = daemon.rtctl("submit", "two")
        assert refused.returncode == 5
        assert "tasks/two/tasks.py failed to load, see rtctl status" in refused.stderr
        status = daemon.rtctl("status")
        assert status.returncode == 3
        assert f"({file}, line 1)" in status.stdout
        write(project, "two", 3)
        until_tasks(rt, "one", "two")
        assert daemon.rtctl("status").returncode == 0
        assert rt.submit("two").wait(timeout=20).result() == 3


def test_a_file_that_ended_the_import_and_goes_again_leaves_no_error(
    daemon: Daemon, project: Path
) -> None:
    file = project / "tasks" / "bad" / "tasks.py"
    file.parent.mkdir()
    for _ in range(2):
        file.write_text("import os\nos._exit(0)\n")
        until(lambda: "ended its process" in daemon.rtctl("status").stdout, what="the error")
        file.unlink()
        until(lambda: daemon.rtctl("status").returncode == 0, within_s=SOON_S, what="its end")


def test_an_error_that_is_none_of_the_files_stays_when_a_file_comes_and_goes(
    daemon: Daemon, project: Path
) -> None:
    """The app is imported for each of the two, and once more for neither."""
    (project / "main.py").write_text(MAIN + "1 / 0\n")
    assert daemon.rtctl("reload").returncode == 1
    file = write(project, "two", 2)
    until(lambda: failures(daemon) == 2, within_s=SOON_S, what="a reload for the new file")
    file.unlink()
    until(lambda: failures(daemon) == 3, within_s=SOON_S, what="a reload without it")
    assert "ZeroDivisionError" in daemon.rtctl("status").stdout
    (project / "main.py").write_text(MAIN)
    assert daemon.rtctl("reload").returncode == 0
    assert daemon.rtctl("status").returncode == 0
    assert failures(daemon) == 3


def test_a_folder_that_is_there_again_is_no_fault_any_more(daemon: Daemon, project: Path) -> None:
    for _ in range(2):
        shutil.rmtree(project / "tasks")
        until(lambda: "there is no folder" in daemon.rtctl("status").stdout, what="the fault")
        (project / "tasks").mkdir()
        until(lambda: daemon.rtctl("status").returncode == 0, within_s=SOON_S, what="its end")


def test_a_folder_that_is_replaced_or_comes_late_is_watched_all_the_same(
    daemon: Daemon, project: Path
) -> None:
    with client(daemon) as rt:
        (project / "tasks").rename(project / "before")
        until_tasks(rt)
        write(project, "two")
        until_tasks(rt, "two")
        write(project, "three")
        until_tasks(rt, "two", "three")
        (project / "tasks").rename(project / "later")
        (project / "before").rename(project / "tasks")
        until_tasks(rt, "one")


def test_links_that_are_switched_to_other_files_are_seen(
    start_daemon: DaemonMaker, tmp_path: Path
) -> None:
    """As Kubernetes brings a new version of mounted files."""
    (tmp_path / "main.py").write_text(MAIN)
    tasks = tmp_path / "tasks"
    for version in ("v1", "v2"):
        (tasks / f"..{version}").mkdir(parents=True)
        (tasks / f"..{version}" / "tasks.py").write_text(TASK.format(name=version, value=1))
    (tasks / "..data").symlink_to("..v1")
    (tasks / "tasks.py").symlink_to("..data/tasks.py")
    daemon = start_daemon("main.py", cwd=tmp_path)
    with client(daemon) as rt:
        until_tasks(rt, "v1")
        (tasks / "..new").symlink_to("..v2")
        (tasks / "..new").replace(tasks / "..data")
        until_tasks(rt, "v2")


def test_a_file_that_changes_without_a_supervisor_is_noticed_by_the_next(
    daemon: Daemon, project: Path
) -> None:
    restart_supervisor(daemon, lambda: write(project, "two", 2) and None)  # type: ignore[arg-type,return-value]
    with client(daemon) as rt:
        until_tasks(rt, "one", "two")


def test_where_the_kernel_watches_no_more_it_is_said(project: Path) -> None:
    """In a user namespace of its own, whose limit is its own."""
    for number in range(5):
        write(project, f"t{number}")
    script = (
        "echo 4 > /proc/sys/user/max_inotify_watches && "
        "rtd start main.py >/dev/null && { rtctl status; rtctl reload; rtd stop; }"
    )
    daemon = Daemon(cwd=project)
    try:
        done = subprocess.run(
            ["unshare", "--user", "--map-root-user", "sh", "-c", script],
            cwd=project, env=daemon.env, capture_output=True, text=True, check=False, timeout=30,
        )  # fmt: skip
    finally:
        left = daemon.close()
    if "max_inotify_watches" in done.stderr or "unshare" in done.stderr:
        pytest.skip(f"no user namespaces here: {done.stderr.strip()}")
    assert not left
    assert "the limit fs.inotify.max_user_watches is reached): use `rtctl reload`" in done.stdout
    assert "reloaded: 6 tasks" in done.stdout


def test_an_unwatched_loader_waits_for_a_reload(start_daemon: DaemonMaker, project: Path) -> None:
    (project / "main.py").write_text(MAIN.replace('py")', 'py", watch=False)'))
    daemon = start_daemon("main.py", cwd=project)
    with client(daemon) as rt:
        write(project, "two", 2)
        assert "new: two" in daemon.ok("reload")
        assert generations(daemon) == 1
        until_tasks(rt, "one", "two")


@pytest.mark.slow
def test_an_app_that_changes_its_files_at_each_import_is_reloaded_ever_more_slowly(
    start_daemon: DaemonMaker, project: Path
) -> None:
    (project / "tasks" / "one" / "tasks.py").write_text(
        "import os\nos.utime(__file__)\n" + TASK.format(name="one", value=1)
    )
    daemon = start_daemon("main.py", cwd=project)
    until(lambda: "the next in 4 s" in daemon.log.read_text(), within_s=30, what="the warning")
    lines = daemon.log.read_text().splitlines()
    said = next(at for at, line in enumerate(lines) if "the next in 2 s" in line)
    again = next(line for line in lines[said:] if "task files have changed" in line)
    waited = datetime.fromisoformat(again[:23]) - datetime.fromisoformat(lines[said][:23])
    assert waited >= timedelta(seconds=1.9)
    assert sum("task files have changed" in line for line in lines[:said]) in (3, 4)


def test_five_hundred_files(start_daemon: DaemonMaker, project: Path) -> None:
    """The bounds are for a busy machine; `python -m benchmarks.loading` measures."""
    for number in range(500):
        write(project, f"t{number:03}", number)
    began = time.monotonic()
    daemon = start_daemon("main.py", cwd=project)
    with client(daemon) as rt:
        assert len(names(rt)) == 501
        assert time.monotonic() - began < 20.0
        began = time.monotonic()
        write(project, "t500", 1)
        until(lambda: "t500" in names(rt), within_s=SOON_S, what="the new task")
        write(project, "t007", 1000)
        until(lambda: rt.submit("t007").wait(timeout=20).result() == 1000, within_s=SOON_S)
        shutil.rmtree(project / "tasks" / "t499")
        until(lambda: "t499" not in names(rt), within_s=SOON_S, what="the end of a task")
