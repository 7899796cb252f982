"""Task files in YAML: all kinds of tasks, and mistakes are named with file and line."""

from pathlib import Path

import pytest

from tests.helpers.daemon import Daemon, DaemonMaker
from tests.helpers.deadline import until
from tests.helpers.running import client

MAIN = """
from rtd import Session
from rtd.core import Task
from rtd.tasks.loaders import YAMLLoader

session = Session(config={"task_pre_exist": "raise"})

class Greeting(Task):
    \"\"\"Says hello.\"\"\"

    def __init__(self, whom, **options):
        self.whom = whom
        super().__init__(**options)

    def execute(self, mood="well"):
        return f"hello {self.whom}, {mood}"

YAMLLoader("tasks")
"""
TASKS = """
numbers:
  path: functions.py
  func: numbers
total:
  class: FuncTask
  path: functions.py
  func: total
  execution: thread
  start_cond: after task 'numbers'
  timeout: 2 hours
  parameters:
    numbers: !Return numbers
    more: 4
echo:
  command: [echo, from, yaml]
code:
  code: |
    result = 6 * 7
    return_value = result
  description: Counts.
greeting:
  class: Greeting
  whom: anna
  parameters: {mood: !EnvArg MOOD}
"""
FUNCTIONS = """
def numbers():
    return [1, 2]

def total(numbers, more):
    return sum(numbers) + more
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "main.py").write_text(MAIN)
    (tmp_path / "tasks" / "a").mkdir(parents=True)
    (tmp_path / "tasks" / "a" / "functions.py").write_text(FUNCTIONS)
    (tmp_path / "tasks" / "a" / "tasks.yaml").write_text(TASKS)
    return tmp_path


def test_all_kinds_of_tasks(start_daemon: DaemonMaker, project: Path) -> None:
    daemon = start_daemon("main.py", cwd=project, env={"MOOD": "fine"})
    with client(daemon) as rt:
        rows = {row["name"]: row for row in rt.tasks()}
        assert rows.keys() == {"numbers", "total", "echo", "code", "greeting", "command"}
        assert rows["total"]["condition"] == "after task 'numbers'"
        assert (rows["total"]["lane"], rows["echo"]["lane"]) == ("thread", "command")
        assert rows["total"]["source"] == f"{project / 'tasks' / 'a' / 'tasks.yaml'}:6"
        assert rows["code"]["doc"] == "Counts."
        assert rt.submit("numbers").wait(timeout=20).result() == [1, 2]
        (run,) = until(lambda: rt.ls(task="total"), what="the task after it")
        assert run.wait(timeout=20).result() == 7
        assert rt.submit("greeting").wait(timeout=20).result() == "hello anna, fine"
        assert rt.submit("echo").wait(timeout=20).state == "succeeded"
        assert rt.submit("code").wait(timeout=20).state == "succeeded"


def test_a_change_of_the_file_is_in_force_soon(start_daemon: DaemonMaker, project: Path) -> None:
    daemon = start_daemon("main.py", cwd=project)
    file = project / "tasks" / "b.yaml"
    with client(daemon) as rt:
        file.write_text("- name: more\n  code: pass\n")
        until(lambda: "more" in {row["name"] for row in rt.tasks()}, what="the new task")


@pytest.mark.parametrize(
    ("text", "said", "line"),
    [
        ("a:\n  code: pass\n b: [\n", "", 3),
        ("a: 5\n", "task 'a': 5 is no mapping of options", 1),
        ("5: {code: pass}\n", "5 is no name of a task", 1),
        ("a: {code: pass}\na: {code: pass}\n", "'a' stands in this file twice", 2),
        ("a:\n  start_cond: daily\n", "what kind of task is it?", 2),
        ("a:\n  class: Nothing\n", "no kind of task 'Nothing'; known: CodeTask", 2),
        ("a:\n  class: FuncTask\n", "in which file is its function?", 2),
        ("\na:\n  code: pass\n  start_cond: dayly\n", "start_cond", 3),
        ("a:\n  code: pass\n  timout: 5\n", "did you mean 'timeout'?", 2),
        ("a:\n  class: Greeting\n", "missing a required argument: 'whom'", 2),
        ("greeting:\n  code: pass\n", "task 'greeting' exists already", 2),
        ("a:\n  code: !!python/object/apply:os.system [ls]\n", "could not determine", 2),
        ("a:\n  path: 3\n", "task 'a': path: 3 is no text", 2),
        ("a:\n  path: a.py\n  func: 3\n", "task 'a': func: 3 is no text", 2),
        ("a:\n  code: pass\n  session: 3\n", "is in its loader's session", 2),
        ("- code: pass\n", "a task of a list needs a name", 1),
        ("- 3\n", "a task: 3 is no mapping of options", 1),
        ("a:\n  code: x\n  parameters: {x: !Return [a]}\n", "!Return takes one text", 3),
        ("just words\n", "neither a mapping", None),
    ],
)
def test_a_mistake_is_told_with_its_place(
    project: Path, text: str, said: str, line: int | None
) -> None:
    file = project / "tasks" / "b.yaml"
    file.write_text(text)
    daemon = Daemon(cwd=project)
    done = daemon.python(
        "from rtd.session.app.load_app import load\n"
        "session = load('main')\n"
        "assert len(session.tasks) == 5, session.tasks\n"
        "(fault,) = session.faults\n"
        "print(fault.kind, fault.what, fault.message)"
    )
    daemon.close()
    place = f"({file}, line {line})" if line else f"({file})"
    assert done.stdout.startswith("loader tasks/b.yaml PolicyError: "), done.stderr
    assert said in done.stdout
    assert place in done.stdout
    assert done.stdout.count("\n") == 1


def test_without_pyyaml_it_is_said_what_to_install(project: Path) -> None:
    daemon = Daemon(cwd=project)
    done = daemon.python(
        "import sys; sys.modules['yaml'] = None\n"
        "from rtd.session.app.load_app import load\n"
        "try: load('main')\nexcept Exception as error: print(error)"
    )
    daemon.close()
    assert 'YAMLLoader needs PyYAML: pip install "rtd-daemon[yaml]"' in done.stdout
