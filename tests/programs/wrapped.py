"""Middleware around tasks of every lane, which writes what it sees into a diary."""

import asyncio
import os
import time
from pathlib import Path
from typing import Any

import rtd
from rtd import Session, Task
from rtd.arguments import FuncArg
from rtd.tasks import CommandTask

DIARY = Path(os.environ.get("WRAPPED_DIARY", "/dev/null"))
LANES = ("process", "fresh", "main", "thread", "async")


def write(*words: object) -> None:
    """One line; a single write, so that lines of several processes do not mix."""
    line = " ".join(map(str, words)) + "\n"
    fd = os.open(DIARY, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(fd, line.encode())
    os.close(fd)


class Outer:
    """Sees everything, and keeps what it knows on itself."""

    def __init__(self) -> None:
        self.began = 0.0

    def run_task(self, task: Any, run: Any, args: tuple[()], kwargs: dict[str, Any]) -> str:
        self.began = time.time()
        write(task.id, "outer", task, task.state, task.attempt, args, sorted(kwargs))
        mode = kwargs.get("mode")
        if mode == "skip outer":
            raise rtd.Skip("the outer one has nothing to do")
        if mode == "refuse":
            raise PermissionError("not today")
        if mode == "never":
            return "ignored"
        if mode == "twice":
            run(*args, **kwargs)
        if mode == "change":
            kwargs["value"] = 5
        if mode == "strange":
            kwargs["strange"] = 1
        run(*args, **kwargs)
        if mode == "replace":
            task.result = {"was": task.result}
        return "ignored"

    async def run_task_async(
        self, task: Any, run: Any, args: tuple[()], kwargs: dict[str, Any]
    ) -> None:
        self.began = time.time()
        write(task.id, "outer", task, task.state, task.attempt, args, sorted(kwargs))
        if kwargs.get("mode") == "skip outer":
            raise rtd.Skip("the outer one has nothing to do")
        await run(*args, **kwargs)

    def process_outcome(self, task: Any, *exc_info: Any) -> bool:
        kind, error, _frames = exc_info
        same = bool(self.began) if kind is not rtd.TaskAborted else bool(error)
        write(
            task.id, "outcome", task.attempt, task.state, getattr(kind, "__name__", None),
            f"retry={task.will_retry}", f"same={same}", f"by={task.by or None}",
        )  # fmt: skip
        assert (kind is None) == (error is None)
        if "hang" in task.kwargs.get("mode", "").split():
            write(task.id, "hanging")
            while True:
                time.sleep(0.005)
        return bool(task.kwargs.get("mode") == "clear")


class Inner:
    """As the documentation of redis-tasks writes it."""

    def run_task(self, task, run, args, kwargs):  # type: ignore[no-untyped-def]
        write(task.id, "inner", kwargs.get("value"))
        run(*args, *kwargs)

    async def run_task_async(self, task: Any, run: Any, args: Any, kwargs: Any) -> None:
        write(task.id, "inner", kwargs.get("value"))
        await run(*args, **kwargs)

    def process_outcome(self, task: Any, *exc_info: Any) -> None:
        write(task.id, "inner outcome")
        if task.kwargs.get("mode") == "broken":
            raise LookupError("in process_outcome")


session = Session(middleware=[Outer, Inner])


def work(value: int = 1, mode: str = "") -> Any:
    write(rtd.current_run().id, "task", value)
    if mode == "skip":
        raise rtd.Skip("nothing to do")
    if mode == "error":
        raise rtd.Error("as expected")
    if mode in ("raise", "clear", "broken"):
        raise ValueError("odd")
    if mode == "set":
        return {object()}
    if "stay" in mode.split():
        write(rtd.current_run().id, "staying")
        while True:
            time.sleep(0.005)
    if mode == "die":
        os._exit(7)
    return value


async def work_async(value: int = 1, mode: str = "") -> Any:
    if "stay" in mode.split():
        write(rtd.current_run().id, "task", value)
        write(rtd.current_run().id, "staying")
        await asyncio.sleep(60)
    return work(value, mode)


for _lane in LANES:
    _options: dict[str, Any] = {"lane": "process" if _lane == "fresh" else _lane}
    session.add_task(
        work_async if _lane == "async" else work,
        name=f"work/{_lane}",
        fresh=_lane == "fresh",
        stop_grace="1 second",
        **_options,
    )


CommandTask("echo hello", name="echo", stop_grace="1 second")
CommandTask("echo oops >&2; exit 3", shell=True, name="failing")
CommandTask("sleep 60", name="sleeping", stop_grace="1 second")


def no_value() -> int:
    raise ArithmeticError("there is no value")


session.add_task(work, name="filled", parameters={"value": FuncArg(no_value)})


class Within(Task):
    """A class task whose context cannot be made."""

    @staticmethod
    def provide_context() -> Any:
        raise OSError("no context")

    def start(self) -> None: ...


session.add_task(Within)
