"""An app without a session of its own: kinds of tasks, and hooks around them."""

import os
import time
from pathlib import Path
from typing import Any

from rtd import Error, current_run
from rtd.arguments import Private
from rtd.core import Task
from rtd.tasks import CodeTask, CommandTask, FuncTask

DIARY = Path(os.environ["KINDS_DIARY"])


def note(text: str) -> None:
    """A line in the file that the test reads."""
    with DIARY.open("a") as file:
        file.write(f"{text}\n")


@Task.hook_execute
def watch(task: Task) -> Any:
    note(f"before {task.name} {type(task).__name__}")
    exc_type, exc, tb = yield
    name = exc_type.__name__ if exc_type else None
    note(f"after {task.name} {name} {exc} {tb is not None}")


@Task.hook_execute
def broken(task: Task) -> Any:
    if task.name == "calm":
        raise RuntimeError("a hook that raises")
    yield
    if task.name == "calm_later":
        raise SystemExit(3)


@Task.hook_execute
def interrupts(task: Task) -> None:
    if task.name == "calm":
        raise KeyboardInterrupt


class Query(Task):
    """Asks a question."""

    def __init__(self, question: str, **options: Any) -> None:
        self.question = question
        super().__init__(**options)

    def execute(self, times: int = 1, **others: Any) -> Any:
        if self.question == "what?":
            raise Error("no answer")
        return [self.question * times, others]

    def get_default_name(self) -> str:
        return f"ask {self.question}"

    def process_success(self, output: Any) -> None:
        note(f"success {output[0]}")
        if output[0] == "refused":
            raise ValueError("not this one")

    def process_failure(self, exc_type: Any, exc: Any, tb: Any) -> None:
        note(f"failure {exc_type.__name__} {exc} {tb is not None}")

    def process_finish(self, status: str) -> None:
        note(f"finish {status}")
        if self.question == "loud":
            raise OSError("too loud")


Query("why", parameters={"times": 2, "more": "x"})
Query("what?")
Query("refused")
Query("loud")


class AsyncQuery(Query):
    async def execute(self, **params: Any) -> Any:  # type: ignore[override]
        return ["async", current_run().task]


AsyncQuery("later")


@FuncTask()
def calm() -> str:
    return "calm"


@FuncTask(description="Says so later.")
def calm_later() -> str:
    return "calm"


@FuncTask(execution="thread")
def in_thread() -> str:
    return "thread"


@FuncTask(execution="main")
def in_main() -> str:
    return "main"


@FuncTask(fresh=True)
def in_fresh() -> str:
    return "fresh"


@FuncTask()
async def in_loop() -> str:
    return "loop"


@FuncTask(timeout="300 ms")
def sleeper() -> None:
    time.sleep(60)


def plain(word: str = "plain") -> str:
    return word


FuncTask(plain, name="again", parameters={"word": "again"})
FuncTask(path="kinds_delayed.py", func_name="work", name="delayed", parameters={"base": 40})
CommandTask(["echo", "hello"], name="greet", parameters={"to": "you & me", "-n": 1})
CommandTask("echo $0 | tr a-z A-Z", shell=True, name="shout")
CommandTask("sh -c 'echo out; echo first >&2; echo last >&2; exit 3'", name="fails")
CommandTask("sleep 60", timeout="300 ms", name="slow")
CommandTask("printenv WORD", env={"WORD": Private("found")}, cwd="/", name="env")
CommandTask("cat", stdin=Private("told"), name="listens")
CodeTask(
    """
    def double(x):
        return x * factor
    return_value = double(number)
    """,
    name="code",
    parameters={"factor": 2, "number": 21},
)
CodeTask("x = 1\nraise KeyError(x)\n", name="code fails")
