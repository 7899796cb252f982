"""Class tasks: their context, their events, and what hangs in each of their phases."""

import asyncio
import contextlib
import contextvars
import os
import threading
import time
from collections.abc import AsyncIterator, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import rtd
from rtd import Session, Task
from rtd.arguments import FuncArg

DIARY = Path(os.environ.get("CLASS_DIARY", "/dev/null"))
PHASES = ("provide", "enter", "parameter", "init", "start", "deaf", "raises", "leave")
LANES = ("process", "thread", "async")
#: Needs gevent, which is an extra.
GREENLET = ("greenlet",) if find_spec("gevent") else ()
WEB: contextvars.ContextVar[str] = contextvars.ContextVar("web", default="none")

session = Session()


def write(*words: object) -> None:
    with DIARY.open("a") as file:
        file.write(" ".join(map(str, words)) + "\n")


def hang(where: str) -> None:
    write("hangs", where, rtd.current_run().id)
    while True:
        time.sleep(0.005)


class Context:
    """A context that writes down its life."""

    def __init__(self) -> None:
        write("made", rtd.current_run().id)

    def __enter__(self) -> None:
        WEB.set("web")
        write("entered", rtd.current_run().id)

    def __exit__(self, kind: Any, *_rest: Any) -> None:
        write("left", rtd.current_run().id, getattr(kind, "__name__", None))


class Web(Task):
    """Inherits its context to others."""

    LANE = "thread"

    @classmethod
    def provide_context(cls) -> Context:
        return Context()


class Within(Web):
    NAME = "team/within"

    def __init__(self, fail: str = "") -> None:
        write("init", rtd.current_run().id, WEB.get())
        if fail == "init":
            raise self.Error("no init")
        self.fail = fail

    def start(self) -> str:
        write("start", rtd.current_run().id, WEB.get())
        if self.fail == "error":
            raise self.Error("Task failz!")
        if self.fail:
            raise ValueError(self.fail)
        return WEB.get()


class Loud(Task):
    """Emits wherever it can."""

    def __init__(self, to: int = 2) -> None:
        self.emit("made", {"to": to})
        self.ended = threading.Event()

    def start(self) -> dict[str, Any]:
        child = threading.Thread(target=self.emit, args=("from child", [1, 2.5, None, "ä"]))
        child.start()
        child.join()
        self.redis.set("mine", "ü")
        found = {"redis": self.redis.get("mine"), "data": self.task_data}
        if self.task_data.get("to") == 0:
            self.ended.wait()
        return found

    def stop(self) -> None:
        self.emit("stopping")
        self.ended.set()


class Wrong(Task):
    """Emits what no event can be."""

    def start(self) -> None:
        self.emit("odd", {"rows": [1, {"when": {1, 2}}]})


class Forking(Task):
    """Emits in a process that it has forked."""

    def start(self) -> None:
        child = os.fork()
        if not child:
            try:
                self.emit("from the child")
            except RuntimeError as error:
                print(f"RuntimeError: {error}", flush=True)
            os._exit(0)
        os.waitpid(child, 0)


def unexpected(error: BaseException) -> None:
    write("unexpected", rtd.current_run().id, type(error).__name__)


session.add_tasks(Within, Loud, Forking)
session.add_task(Wrong, lane="thread")
session.add_exception_handler(unexpected)


class Held(Task):
    """A block that no stop interrupts."""

    def __init__(self, seconds: float = 0.4) -> None:
        self.seconds = seconds

    def start(self) -> None:
        with rtd.unstoppable(), rtd.PostponeShutdown():
            write("held", rtd.current_run().id)
            until = time.monotonic() + self.seconds
            while time.monotonic() < until:
                time.sleep(0.005)
            write("released", rtd.current_run().id)
        hang("behind")


for _lane in ("process", "thread", "fresh", *GREENLET):
    session.add_task(
        Held,
        name=f"held/{_lane}",
        lane="process" if _lane == "fresh" else _lane,
        fresh=_lane == "fresh",
    )


@session.task(name="held/async", lane="async")
async def held(seconds: float = 0.4) -> None:
    with rtd.unstoppable():
        write("held", rtd.current_run().id)
        await asyncio.sleep(seconds)
        write("released", rtd.current_run().id)
    await asyncio.sleep(60)


def reach(where: str, phase: str) -> None:
    if where == phase:
        hang(where)


def _sync(phase: str) -> type[Task]:
    class Phase(Task):
        @staticmethod
        def provide_context() -> Any:
            reach("provide", phase)

            @contextlib.contextmanager
            def context() -> Iterator[None]:
                reach("enter", phase)
                yield
                reach("leave", phase)

            return context()

        def __init__(self, given: Any = None) -> None:
            reach("init", phase)
            self.asked = threading.Event()

        def start(self) -> str:
            if phase == "leave":
                return "left"
            write("hangs", phase, rtd.current_run().id)
            while not self.asked.is_set():
                time.sleep(0.005)
            return "stopped"

        def stop(self) -> None:
            write("stop", phase, rtd.current_run().id)
            if phase == "raises":
                raise KeyError("in stop")
            if phase == "deaf":
                hang("stop")
            self.asked.set()

    return Phase


def _async(phase: str) -> type[Task]:
    class Phase(Task):
        @staticmethod
        def provide_context() -> Any:
            reach("provide", phase)

            @contextlib.asynccontextmanager
            async def context() -> AsyncIterator[None]:
                await reach_async("enter", phase)
                yield
                await reach_async("leave", phase)

            return context()

        def __init__(self, given: Any = None) -> None:
            reach("init", phase)
            self.asked = asyncio.Event()

        async def start(self) -> str:
            if phase == "leave":
                return "left"
            write("hangs", phase, rtd.current_run().id)
            await self.asked.wait()
            return "stopped"

        async def stop(self) -> None:
            write("stop", phase, rtd.current_run().id)
            if phase == "raises":
                raise KeyError("in stop")
            if phase == "deaf":
                await sleep("stop")
            self.asked.set()

    return Phase


async def reach_async(where: str, phase: str) -> None:
    if where == phase:
        await sleep(where)


async def sleep(where: str) -> None:
    write("hangs", where, rtd.current_run().id)
    await asyncio.sleep(60)


def endless() -> None:
    hang("parameter")


for _phase in PHASES:
    for _lane in (*LANES, *GREENLET):
        _kind = _async(_phase) if _lane == "async" else _sync(_phase)
        session.add_task(
            _kind,
            name=f"{_lane}/{_phase}",
            lane=_lane,
            stop_grace="1 second",
            parameters={"given": FuncArg(endless)} if _phase == "parameter" else None,
        )
