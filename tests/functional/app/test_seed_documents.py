"""The programs in the documentation of pytask and redis-tasks, as they stand there, in a daemon.

They are completed only where the documentation says `...`, and where it uses a name that it does
not define. Those of pytask are in lane `greenlet`, and in lane `process` with a thread in the place
of the greenlet.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from rtctl import Client
from tests.helpers.daemon import Daemon, shared_daemon
from tests.helpers.deadline import until
from tests.helpers.pubsub import read_events, subscribe_to_all
from tests.helpers.smtp_server import MailServer, mail_server

PYTASK = """
from contextlib import contextmanager

from rtd import Session, Task, current_run

session = Session()


class MyTask(Task):
    NAME = 'mytask'

    def start(self):
        return 'mine'


session.add_task(MyTask, lane=LANE)


class MyTask(Task):
    NAME = 'data'

    def __init__(self, my_task_option='default'):
        self.option = my_task_option

    def start(self):
        return self.option


session.add_task(MyTask, lane=LANE)


def do_some_work():
    print('working')
    if current_run().task == 'start and stop':  # "runs forever/a-long-time"
        gevent.sleep(60)


class MyTask(Task):
    NAME = 'start'

    def start(self):
        do_some_work()


session.add_task(MyTask, lane=LANE)


class MyTask(Task):
    NAME = 'start and stop'

    def start(self):
        self.loop = gevent.spawn(self.work)
        self.loop.get()

    def stop(self):
        self.loop.kill()

    def work(self):
        do_some_work()


session.add_task(MyTask, lane=LANE)


class MyTask(Task):
    NAME = 'emit'

    def start(self):
        self.emit('event-name', {'some': 'data'})


session.add_task(MyTask, lane=LANE)


class MyTask(Task):
    NAME = 'error'

    def start(self):
        raise self.Error('Task failz!')


session.add_task(MyTask, lane=LANE)


class WebApp:
    active = False

    @contextmanager
    def app_context(self):
        self.active = True
        yield
        self.active = False


web_app = WebApp()


class MyTask(Task):
    NAME = 'context'

    @staticmethod
    def provide_context():
        # Wrap task methods in Flask.app_context
        return web_app.app_context()

    def __init__(self):
        self.made_within = web_app.active

    def start(self):
        return [self.made_within, web_app.active]


session.add_task(MyTask, lane=LANE)
"""
#: What the documentation has imported before, by lane.
IMPORTS = {
    "greenlet": "import gevent",
    "process": '''
import threading


class Loop(threading.Thread):
    """In the place of a greenlet: `get` waits for its end, `kill` ends it."""

    def __init__(self, work):
        super().__init__(daemon=True)
        self.ended, self.work = threading.Event(), work
        self.start()

    def run(self):
        self.work()

    def get(self):
        self.ended.wait()

    def kill(self):
        self.ended.set()


class gevent:
    spawn = Loop

    @staticmethod
    def sleep(seconds):
        pass
''',
}
SLEEP = """
import time

class SleepMiddleware:
   def run_task(self, task, run, args, kwargs):
      time.sleep(1)
      run(*args, *kwargs)
"""
REPORT = """
import smtplib
from email.message import EmailMessage

class ReportMiddleware:
   def process_outcome(self, task, *exc_info):
      msg = EmailMessage()
      msg['Subject'] = 'Daily Report'
      msg['From'] = 'development@test.com'
      msg['To'] = 'client@test.com'

      s = smtplib.SMTP('localhost')
      s.send_message(msg)
      s.quit()
"""
RT_SETTINGS = """
MIDDLEWARE = [
   "middleware.SleepMiddleware",
   "reports.ReportMiddleware",
]
"""
APP = """
import os
import smtplib

from rtd import Session

smtplib.SMTP.default_port = int(os.environ["MAIL_PORT"])  # that of a mail server is 25
session = Session()


@session.task()
def add(a, b=2):
    return a + b


@session.task()
def fail():
    raise ValueError("odd")
"""


@pytest.fixture(scope="module", params=list(IMPORTS))
def pytask(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Daemon]:
    lane = request.param
    if lane == "greenlet":
        pytest.importorskip("gevent")
    home = tmp_path_factory.mktemp("pytask")
    (home / "app.py").write_text(f"{IMPORTS[lane]}\nLANE = {lane!r}\n{PYTASK}")
    with shared_daemon("app.py", cwd=home) as daemon:
        yield daemon


@pytest.fixture(scope="module")
def mails() -> Iterator[MailServer]:
    with mail_server() as server:
        yield server


@pytest.fixture(scope="module")
def redis_tasks(tmp_path_factory: pytest.TempPathFactory, mails: MailServer) -> Iterator[Daemon]:
    home: Path = tmp_path_factory.mktemp("redistasks")
    files = {"app": APP, "middleware": SLEEP, "reports": REPORT, "rt_settings": RT_SETTINGS}
    for name, text in files.items():
        (home / f"{name}.py").write_text(text)
    with shared_daemon("app.py", cwd=home, env={"MAIL_PORT": str(mails.port)}) as daemon:
        yield daemon


def test_names_data_and_work(pytask: Daemon) -> None:
    with Client(pytask.socket) as rt:
        assert rt.submit("mytask").wait(20).result() == "mine"
        assert rt.submit("data").wait(20).result() == "default"
        assert rt.submit("data", my_task_option="mine").wait(20).result() == "mine"
        run = rt.submit("start").wait(20)
        assert (run.state, [str(line) for line in run.logs()]) == ("succeeded", ["working"])
        assert rt.submit("context").wait(20).result() == [True, True]


def test_an_event_is_published(pytask: Daemon) -> None:
    with Client(pytask.socket) as rt, subscribe_to_all(pytask) as heard:
        run = rt.submit("emit").wait(20)
        (event,) = read_events(heard, 2)[f"{{rtd:rtd}}:run:{run.id}"]
        assert (event["event"], event["data"]) == ("event-name", {"some": "data"})
        assert run.state == "succeeded"


def test_an_error_is_no_exception(pytask: Daemon) -> None:
    with Client(pytask.socket) as rt:
        run = rt.submit("error").wait(20)
        assert (run.state, run.error) == ("error", "Error: Task failz!")


def test_a_task_that_runs_for_ever_is_stopped_by_its_stop(pytask: Daemon) -> None:
    with Client(pytask.socket) as rt:
        run = rt.submit("start and stop")
        until(lambda: list(run.logs()), within_s=20, what="it works")
        run.kill()
        assert run.wait(20).state == "terminated"
        assert rt.rpc.show(run=run.id)["attempts"][-1]["note"] is None


def test_the_middleware_of_the_documentation_sleeps_and_sends_mail(
    redis_tasks: Daemon, mails: MailServer
) -> None:
    with Client(redis_tasks.socket) as rt:
        run = rt.submit("add", a=1).wait(20)
        assert run.result() == 3
        row = rt.rpc.show(run=run.id)["attempts"][-1]
        assert row["ended_at"] - row["started_at"] >= 1
        assert [(m["Subject"], m["To"]) for m in mails.mails] == [
            ("Daily Report", "client@test.com")
        ]
        assert rt.submit("fail").wait(20).error == "ValueError: odd"
        assert len(mails.mails) == 2
