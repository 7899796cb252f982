"""Task files: found, imported under names of their own, and no harm to each other."""

from pathlib import Path

import pytest

from tests.helpers.daemon import Daemon, DaemonMaker
from tests.helpers.deadline import until
from tests.helpers.running import client

MAIN = """
from pathlib import Path
from rtd import Session
from rtd.tasks.loaders import PyLoader

session = Session()
PyLoader(path=Path(__file__).parent / "tasks/", glob="**/tasks.py")
"""
TASKS = """
from rtd.tasks import FuncTask

@FuncTask()
def {name}():
    return __name__
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A package with two task files in folders that are no packages."""
    folder = tmp_path / "project"
    for name in ("one", "two"):
        (folder / "tasks" / name).mkdir(parents=True)
        (folder / "tasks" / name / "tasks.py").write_text(TASKS.format(name=name))
    (folder / "__init__.py").touch()
    (folder / "main.py").write_text(MAIN)
    return folder


@pytest.mark.parametrize("app", ["project.main", "project/main.py"])
def test_each_file_is_a_module_of_the_package_that_it_lies_in(
    start_daemon: DaemonMaker, project: Path, app: str
) -> None:
    (project / "parameters.py").write_text("FRIENDS = ['anna']\n")
    (project / "tasks" / "two" / "tasks.py").write_text(
        "from ...parameters import FRIENDS\nfrom project.tasks.one.tasks import one\n"
        + TASKS.format(name="two").replace("return __name__", "return [*FRIENDS, one()]")
    )
    daemon = start_daemon(app, cwd=project.parent)
    with client(daemon) as rt:
        assert rt.submit("one").wait(timeout=20).result() == "project.tasks.one.tasks"
        assert rt.submit("two").wait(timeout=20).result() == ["anna", "project.tasks.one.tasks"]


def test_files_that_no_module_name_fits_get_one_each(
    start_daemon: DaemonMaker, project: Path
) -> None:
    tasks = project / "tasks"
    (project / "__init__.py").unlink()
    (tasks / "one").rename(tasks / "2026-one")
    (tasks / "two").rename(tasks / "2026 one")
    daemon = start_daemon("main.py", cwd=project)
    with client(daemon) as rt:
        names = {rt.submit(task).wait(timeout=20).result() for task in ("one", "two")}
        assert len(names) == 2
        assert all(name.startswith("rtd_tasks_2026_one_tasks_") for name in names)


def test_a_file_that_fails_is_a_problem_with_its_place_and_the_others_are_there(
    start_daemon: DaemonMaker, project: Path
) -> None:
    broken = project / "tasks" / "broken" / "tasks.py"
    broken.parent.mkdir()
    broken.write_text(TASKS.format(name="half") + "\nraise ValueError('not today')\n")
    double = project / "tasks" / "zwei" / "tasks.py"
    double.parent.mkdir()
    double.write_text(TASKS.format(name="drei") + TASKS.format(name="two"))
    ends = project / "tasks" / "ends" / "tasks.py"
    ends.parent.mkdir()
    ends.write_text("raise SystemExit(7)\n")
    keys = project / "tasks" / "keys" / "tasks.py"
    keys.parent.mkdir()
    keys.write_text("raise KeyboardInterrupt\n")
    daemon = start_daemon("project.main", cwd=project.parent)
    with client(daemon) as rt:
        assert {row["name"] for row in rt.tasks()} == {"one", "two", "command"}
    done = daemon.rtctl("reload")
    assert done.returncode == 8
    lines = [line for line in done.stderr.splitlines() if not line.startswith("rtctl: waiting:")]
    assert len(lines) == 4
    assert f"tasks/broken/tasks.py: ValueError: not today ({broken}, line 8)" in lines[0]
    assert f"tasks/ends/tasks.py: SystemExit: 7 ({ends}, line 1)" in lines[1]
    first = project / "tasks" / "two" / "tasks.py"
    assert f"tasks/keys/tasks.py: KeyboardInterrupt ({keys}, line 1)" in lines[2]
    assert f"task 'two' exists already (declared in {first}:4)" in lines[3]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ("path='tasks', start_cond='daily'", "start_cond: a loader is no task here"),
        ("path='tasks', glob='/x'", "'/x' is no pattern"),
        ("path='tasks', globb='*'", "no 'globb'"),
        ("path='tasks', on_startup=False", "on_startup"),
    ],
)
def test_a_loader_that_cannot_work_says_why(
    project: Path, daemon: Daemon, arguments: str, said: str
) -> None:
    (project / "main.py").write_text(
        f"from rtd.tasks.loaders import PyLoader\nPyLoader({arguments}, session=None)\n"
    )
    daemon.cwd = project
    script = (
        "from rtd.session.app.load_app import load\n"
        "try: load('main')\nexcept Exception as e: print(e)"
    )
    done = daemon.python(script)
    assert said in done.stdout
    assert f"{project / 'main.py'}, line 2" in done.stdout


def test_a_missing_folder_is_a_problem_and_relative_paths_begin_at_the_file(
    start_daemon: DaemonMaker, project: Path
) -> None:
    (project / "main.py").write_text(
        "from rtd.tasks.loaders import PyLoader\n"
        "PyLoader('tasks')\nPyLoader(path='nowhere', glob='*.py')\n"
    )
    daemon = start_daemon("project.main", cwd=project.parent)
    done = daemon.rtctl("reload")
    assert done.returncode == 8
    assert done.stderr.endswith(
        f"rtctl: loader nowhere: FileNotFoundError: there is no folder {project / 'nowhere'}\n"
    )
    assert "2 tasks" in done.stdout


@pytest.mark.parametrize(
    ("config", "there"),
    [
        ("replace", {"two": "project.tasks.zwei.tasks"}),
        ("ignore", {"two": "project.tasks.two.tasks"}),
        ("rename", {"two": "project.tasks.two.tasks", "two0": "project.tasks.zwei.tasks"}),
    ],
)
def test_a_name_that_two_files_use(
    start_daemon: DaemonMaker, project: Path, config: str, there: dict[str, str]
) -> None:
    (project / "main.py").write_text(
        MAIN.replace("Session()", f"Session(config={{'task_pre_exist': {config!r}}})")
    )
    (project / "tasks" / "zwei").mkdir()
    (project / "tasks" / "zwei" / "tasks.py").write_text(TASKS.format(name="two"))
    daemon = start_daemon("project.main", cwd=project.parent)
    with client(daemon) as rt:
        assert {row["name"] for row in rt.tasks()} - {"one", "command"} == there.keys()
        assert {name: rt.submit(name).wait(timeout=20).result() for name in there} == there


def test_a_loader_of_the_apps_own_folder_does_not_import_it_twice(
    start_daemon: DaemonMaker, project: Path
) -> None:
    (project / "main.py").write_text(
        "from rtd import Session\nfrom rtd.tasks import FuncTask\n"
        "from rtd.tasks.loaders import PyLoader\n"
        "session = Session()\nPyLoader()\n" + TASKS.format(name="own")
    )
    daemon = start_daemon("project/main.py", cwd=project.parent)
    with client(daemon) as rt:
        assert {row["name"] for row in rt.tasks()} == {"one", "two", "own", "command"}
        with (project / "main.py").open("a") as file:
            file.write(TASKS.format(name="later"))
        until(lambda: "later" in {row["name"] for row in rt.tasks()}, what="the new task")
    assert daemon.rtctl("status").returncode == 0
