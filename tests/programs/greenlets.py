"""Tasks of lane `greenlet`."""

import contextlib
import os
import queue
import signal
import socket
import subprocess
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import gevent
from gevent.pool import Pool

import rtd
from rtctl import Client
from rtd import Executor, Session, Stopped, Task, current_run

session = Session()
#: Made while the app is imported, as programs of gevent do.
POOL = Pool(10)
THREADS = ThreadPoolExecutor(1)
LOCK = threading.Lock()
STARTED: list[bool] = []


def do_some_work() -> None:
    print("working")
    gevent.sleep(60)


class Service(Task):
    """The example of document 002, as it stands."""

    NAME = "service"
    LANE = "greenlet"

    def start(self) -> None:
        self.loop = gevent.spawn(self.work)
        self.loop.get()

    def stop(self) -> None:
        self.loop.kill()

    def work(self) -> None:
        do_some_work()


class Returns(Service):
    """Returns what the greenlet that was killed has left: GreenletExit."""

    NAME = "returns"

    def start(self) -> Any:
        self.loop = gevent.spawn(self.work)
        gevent.spawn(self.loop.kill)
        return self.loop.get()


class BadStop(Service):
    NAME = "bad stop"

    def stop(self) -> None:
        raise ValueError("no stop")


class HangingStop(Service):
    NAME = "hanging stop"

    def stop(self) -> None:
        gevent.sleep(60)


class SlowInit(Service):
    NAME = "slow init"

    def __init__(self) -> None:
        print("init")
        gevent.sleep(60)


class KillsItself(Task):
    """Its `stop` waits for the greenlet of the run itself."""

    NAME = "kills itself"
    LANE = "greenlet"

    def start(self) -> None:
        self.own = gevent.getcurrent()
        print("working", flush=True)
        gevent.sleep(60)

    def stop(self) -> None:
        self.own.kill()
        self.own.join()
        print("stopped", flush=True)


class Naps(Task):
    NAME = "naps"
    LANE = "greenlet"

    def start(self) -> None:
        gevent.sleep(60)


@session.task(lane="greenlet")
def add(x: int, y: int = 1) -> int:
    gevent.sleep(0.01)
    with LOCK:
        return x + y


@session.task(lane="greenlet")
def sleeps() -> None:
    print("sleeping")
    time.sleep(60)  # patched


@session.task(lane="greenlet")
def sleeps_briefly() -> None:
    time.sleep(0.1)


@session.task(lane="greenlet")
def miscounts() -> None:
    """Let the loop count nothing that it waits for."""
    loop = gevent.get_hub().loop
    while loop.activecnt > 0:
        loop.unref()


@session.task(lane="greenlet")
def breaks_main() -> None:
    """Raise in the greenlet that is the executor's own."""
    gevent.get_hub().parent.throw(ZeroDivisionError("broken"))


@session.task(lane="greenlet")
def cleans_up() -> None:
    try:
        gevent.sleep(60)
    except Stopped:
        print("cleaned up")
        raise


@session.task(lane="greenlet")
def children() -> list[str]:
    def child(number: int) -> str:
        print("child", number)
        return current_run().id

    found = [gevent.spawn(child, 1), gevent.spawn_later(0.01, child, 2)]
    found += [POOL.spawn(child, 3)]
    thread = threading.Thread(target=lambda: print("child 4", current_run().id))  # patched
    thread.start()
    thread.join()
    gevent.joinall(found)
    return [one.get() for one in found]


@session.task(lane="greenlet")
def leaves() -> str:
    gevent.spawn(do_some_work)
    gevent.sleep(0)
    return "left"


@session.task(lane="greenlet")
def leaves_stubborn() -> None:
    def stay() -> None:
        until = time.monotonic() + 5
        while time.monotonic() < until:
            with contextlib.suppress(gevent.GreenletExit):
                gevent.sleep(0.1)

    gevent.spawn(stay)
    gevent.sleep(0)


@session.task(lane="greenlet")
def patched() -> list[bool]:
    from gevent import monkey

    return [monkey.is_module_patched(name) for name in ("socket", "threading", "time")]


@session.task(lane="greenlet")
def meets(number: int) -> int:
    """Talk to a sibling greenlet over sockets and a queue."""
    here, there = socket.socketpair()
    answers: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    gevent.spawn(lambda: answers.put(there.recv(10)))
    here.send(str(number).encode())
    return int(answers.get())


@session.task(lane="greenlet")
def runs_program() -> str:
    return subprocess.run(["echo", "hello"], capture_output=True, text=True, check=True).stdout


@session.task(lane="greenlet")
def uses_pool(number: int) -> int:
    """Use threads that outlive the run."""
    return THREADS.submit(lambda: number + 1).result()


@session.task(lane="greenlet")
def fails() -> None:
    raise KeyError("nothing")


@session.task(lane="greenlet")
def error_in_child() -> None:
    def fail() -> None:
        raise Task.Error("quiet")

    gevent.spawn(fail).join()


@session.task(lane="greenlet")
def exits_in_child() -> str:
    gevent.spawn(exit, 3).join()
    return "still here"


@session.task(lane="greenlet")
def system_error_in_child() -> str:
    def fail() -> None:
        raise SystemError("odd")

    gevent.spawn(fail).join()
    return "still here"


@session.task(lane="greenlet")
def kills_itself() -> None:
    gevent.getcurrent().kill()


@session.task(lane="greenlet")
def computes() -> None:
    print("computing")
    while True:
        pass


@session.task()
def in_process() -> bool:
    from gevent import monkey

    return monkey.is_module_patched("socket")


@Executor.hook_start
def connect(_executor: Executor) -> None:
    """Wait in gevent's way, before the first run."""
    time.sleep(0.001)
    STARTED.append(threading.current_thread() is threading.main_thread())


@session.task(lane="greenlet")
def started() -> list[bool]:
    return STARTED


@session.task(lane="greenlet")
def holds_back() -> None:
    with rtd.unstoppable():
        print("held back")
        gevent.sleep(0.5)
        print("done")
    gevent.sleep(60)


@session.task(lane="greenlet")
def forks() -> str:
    pid = os.fork()  # patched
    if pid == 0:
        return "a child"
    os.waitpid(pid, 0)
    return "the parent"


@session.task(lane="greenlet")
def closes_descriptors() -> None:
    os.closerange(3, 1000)


@session.task(lane="greenlet")
def closes_loop() -> None:
    number = gevent.get_hub().loop.fileno()
    os.closerange(number, number + 1)  # gevent's own `os.close` would not
    gevent.sleep(60)


@session.task(lane="greenlet")
def changes_process() -> None:
    time.sleep(0.1)  # rtd examines the process now and then
    os.chdir("/")
    signal.signal(signal.SIGTERM, signal.SIG_IGN)


@session.task(lane="greenlet")
def double(number: int) -> int:
    return 2 * number


@session.task(lane="greenlet")
def collects(count: int) -> list[int]:
    """Wait for runs that need this process, too."""
    with Client() as rt:
        runs = [rt.submit("double", number=number) for number in range(count)]
        return [run.result(timeout=20) for run in runs]


@session.task(lane="greenlet")
def folder() -> str:
    return str(Path.cwd())


for kind in (Service, Returns, BadStop, HangingStop, KillsItself, SlowInit, Naps):
    session.task()(kind)
