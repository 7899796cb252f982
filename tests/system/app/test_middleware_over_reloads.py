"""Middleware and reloads: a task that the app does not have any more, and a broken one."""

from pathlib import Path

from tests.helpers.daemon import DaemonMaker
from tests.helpers.deadline import until
from tests.helpers.running import client

APP = """
from rtd import Session


class Hears:
    def process_outcome(self, task, *exc_info):
        with open("heard", "a") as file:
            file.write(f"{task.id} {task} {task.state} {exc_info[0].__name__}\\n")


session = Session(middleware=[Hears])


@session.task()
def NAME():
    pass
"""


def test_the_end_of_a_run_whose_task_is_gone_is_heard_of(
    start_daemon: DaemonMaker, tmp_path: Path
) -> None:
    app, heard = tmp_path / "app.py", tmp_path / "heard"
    app.write_text(APP.replace("NAME", "before"))
    daemon = start_daemon("app.py", cwd=tmp_path)
    with client(daemon) as rt:
        daemon.ok("queue", "pause", "default")
        run = rt.submit("before")
        app.write_text(APP.replace("NAME", "after"))
        daemon.ok("reload")
        daemon.ok("queue", "resume", "default")
        assert run.wait(20).state == "exception"
        until(lambda: heard.exists() and heard.read_text(), within_s=20, what="it is heard of")
        assert heard.read_text() == f"{run.id} before exception TaskAborted\n"
