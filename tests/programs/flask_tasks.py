"""A Flask app with tasks in all lanes, hooks around its forks, and middleware."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from flask import Flask, current_app, g
from flask_sqlalchemy import SQLAlchemy

from rtd import Error, Task, current_run
from rtd.arguments import FuncArg
from rtd.conditions import FuncCond
from rtd.core import Scheduler
from rtd.flask import BackgroundTaskWorker

DIARY = Path(os.environ.get("FLASK_DIARY", "/dev/null"))


def write(*words: object) -> None:
    with DIARY.open("a") as file:
        file.write(" ".join(map(str, words)) + "\n")


class Watch:
    """Middleware that writes down the app in whose context it is called."""

    def run_task(self, task: Any, run: Any, args: Any, kwargs: Any) -> None:
        write("run_task", current_app.name, task.name)
        run(*args, **kwargs)

    def process_outcome(self, task: Any, *exc_info: Any) -> None:
        write("process_outcome", current_app.name, task.name, exc_info[0] is not None)

    async def run_task_async(self, task: Any, run: Any, args: Any, kwargs: Any) -> None:
        write("run_task", current_app.name, task.name)
        await run(*args, **kwargs)


first = Flask("first", instance_path=os.environ.get("FLASK_INSTANCE"))
second = Flask("second", instance_path=os.environ.get("FLASK_INSTANCE"))
first.config["SQLALCHEMY_DATABASE_URI"] = os.environ.get("FLASK_DATABASE", "sqlite://")
database = SQLAlchemy(first)
task_worker = BackgroundTaskWorker(first, middleware=[Watch])
task_worker.init_app(second)
with first.app_context():
    database.session.execute(database.text("select 1"))


def note_teardown(error: BaseException | None) -> None:
    write("teardown", current_app.name, type(error).__name__)


first.teardown_appcontext(note_teardown)
second.teardown_appcontext(note_teardown)


@task_worker.before_fork
def close() -> None:
    write("before_fork", current_app.name, os.getpid())


@task_worker.after_fork
def connect() -> None:
    write("after_fork", current_app.name)


def app_of_parameter() -> str:
    return current_app.name


def seen(app: str) -> dict[str, Any]:
    """What a run sees, and whether another run has left something in `g`."""
    used, g.used = getattr(g, "used", False), True
    return {"app": current_app.name, "parameter": app, "used": used, "pid": os.getpid()}


for lane in ("process", "thread", "main", *(("greenlet",) if find_spec("gevent") else ())):
    task_worker.define_task(name=lane, lane=lane, parameters={"app": FuncArg(app_of_parameter)})(
        seen
    )
task_worker.define_task(name="fresh", fresh=True, parameters={"app": FuncArg(app_of_parameter)})(
    seen
)


@task_worker.define_task(name="async", parameters={"app": FuncArg(app_of_parameter)})
async def coroutine(app: str) -> dict[str, Any]:
    return seen(app)


@task_worker.define_task
def double(number: int) -> int:
    return 2 * number


@task_worker.define_task
def fail() -> None:
    raise Error("no ink")


@task_worker.define_task(retries=2)
def flaky() -> int:
    if current_run().attempt < 2:
        raise ValueError("not yet")
    return current_run().attempt


@task_worker.define_task
def parent(number: int) -> str:
    """Submit another task from a run."""
    return double.apply(number=number).id


@contextmanager
def opened() -> Iterator[None]:
    write("context", current_app.name)
    yield


@task_worker.define_task
class Steps(Task):
    provide_context = staticmethod(opened)

    def __init__(self, number: int) -> None:
        self.number = number

    def start(self) -> tuple[int, str]:
        return self.number, current_app.name


@task_worker.define_cron_task(month=1, day="last", hour=3, kwargs={"number": 4})
def yearly(number: int) -> int:
    return number


@FuncCond(syntax="shop is open")
def shop_is_open() -> bool:
    write("condition", current_app.name, getattr(g, "used", False))
    g.used = True
    return False


@task_worker.define_task(start_cond="shop is open")
def open_shop() -> None: ...


@Scheduler.hook_startup()
def begin(_scheduler: Scheduler) -> Iterator[None]:
    write("startup", current_app.name)
    yield
    write("after startup", current_app.name)


@Scheduler.hook_cycle()
def cycle(_scheduler: Scheduler) -> None:
    write("cycle", current_app.name)


@Scheduler.hook_shutdown()
def end(_scheduler: Scheduler) -> None:
    write("shutdown", current_app.name)


task_worker.start()
write("imported", "flask" in sys.modules, os.environ.get("WERKZEUG_RUN_MAIN"))
first.run(port=1)
