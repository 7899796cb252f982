"""Tasks that change the process they run in, and one that says how it is."""

import asyncio
import contextlib
import contextvars
import decimal
import gc
import locale
import os
import resource
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from typing import Any

from rtd import Session

session = Session()
leaked: list[int] = []


def _fail(*_args: object) -> None:
    raise RuntimeError("the handler of another run")


def _alarm_left() -> None:
    signal.signal(signal.SIGALRM, _fail)
    signal.setitimer(signal.ITIMER_REAL, 0.2)


def _all_handlers() -> None:
    for number in signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP, signal.SIGCHLD}:
        signal.signal(number, _fail)


def _gone_folder() -> None:
    folder = tempfile.mkdtemp()
    os.chdir(folder)
    os.rmdir(folder)


def _close(fd: int) -> None:
    with contextlib.suppress(OSError):  # a short run just before has closed it
        os.close(fd)


def _files(target: int) -> None:
    fd = os.open(tempfile.gettempdir(), os.O_TMPFILE | os.O_RDWR)
    os.dup2(fd, target)
    os.close(fd)


def _leak() -> None:
    try:
        while True:
            leaked.append(os.dup(0))
    except OSError:
        pass


def _new_policy() -> None:
    asyncio.run(asyncio.sleep(0))


def _trace(_frame: object, _event: str, _arg: object) -> None:
    return None


#: What a task does to its process, by its name.
CHANGES: dict[str, Callable[[], Any]] = {
    "alarm": _alarm_left,
    "virtual timer": lambda: signal.setitimer(signal.ITIMER_VIRTUAL, 30),
    "profile timer": lambda: signal.setitimer(signal.ITIMER_PROF, 30),
    "alarm handler": lambda: signal.signal(signal.SIGALRM, _fail),
    "SIGCHLD ignored": lambda: signal.signal(signal.SIGCHLD, signal.SIG_IGN),
    "SIGTERM ignored": lambda: signal.signal(signal.SIGTERM, signal.SIG_IGN),
    "SIGINT default": lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    "SIGPIPE default": lambda: signal.signal(signal.SIGPIPE, signal.SIG_DFL),
    "all handlers": _all_handlers,
    "mask": lambda: signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals()),
    "stdin": lambda: _files(0),
    "stdout": lambda: _files(1),
    "stderr": lambda: _files(2),
    "closed stdin": lambda: _close(0),
    "closed stdout": lambda: _close(1),
    "closed stderr": lambda: _close(2),
    "umask": lambda: os.umask(0o777),
    "folder": lambda: os.chdir("/"),
    "gone folder": _gone_folder,
    "root": lambda: os.chroot(tempfile.gettempdir()),
    "effective user": lambda: os.seteuid(65534),
    "user": lambda: os.setuid(65534),
    "group": lambda: os.setegid(65534),
    "groups": lambda: os.setgroups([65534]),
    "nice": lambda: os.nice(7),
    "processors": lambda: os.sched_setaffinity(0, {min(os.sched_getaffinity(0))}),
    "scheduler": lambda: os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0)),
    "soft limit": lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, -1)),
    "locked memory": lambda: resource.setrlimit(resource.RLIMIT_MEMLOCK, (0, 0)),
    "descriptors": _leak,
    "environment": lambda: os.environ.update(HTTP_PROXY="http://nowhere"),
    "less environment": lambda: os.environ.pop("PATH"),
    "time zone": lambda: (os.environ.update(TZ="Asia/Tokyo"), time.tzset()),
    "import path": lambda: sys.path.insert(0, "/nowhere"),
    "other import path": lambda: setattr(sys, "path", []),
    "arguments": lambda: setattr(sys, "argv", ["prog", "--flag"]),
    "recursion limit": lambda: sys.setrecursionlimit(200),
    "switch interval": lambda: sys.setswitchinterval(0.5),
    "trace": lambda: sys.settrace(_trace),
    "profile": lambda: sys.setprofile(_trace),
    "thread trace": lambda: threading.settrace(_trace),
    "thread profile": lambda: threading.setprofile(_trace),
    "collector": gc.disable,
    "collector threshold": lambda: gc.set_threshold(0),
    "socket timeout": lambda: socket.setdefaulttimeout(0.001),
    "locale": lambda: locale.setlocale(locale.LC_ALL, "C"),
    "event loop": _new_policy,
    "stdin object": lambda: setattr(sys, "stdin", None),
    "excepthook": lambda: setattr(sys, "excepthook", None),
    "wakeup": lambda: signal.set_wakeup_fd(-1),
}


@session.task()
def change(what: str, for_s: float = 0.0) -> int:
    """Change something; a long run is one of 10 ms."""
    CHANGES[what]()
    until_s = time.monotonic() + for_s
    while time.monotonic() < until_s:
        pass
    return os.getpid()


def _folder() -> str:
    try:
        return os.getcwd()
    except FileNotFoundError:
        return "gone"


def _file(fd: int) -> object:
    try:
        found = os.fstat(fd)
    except OSError:
        return "closed"
    return [found.st_dev, found.st_ino] if fd == 0 else found.st_size


@session.task()
def observe() -> dict[str, Any]:
    """Return how the process is, without what rtd itself has set. It is a long run."""
    time.sleep(0.005)
    handlers = {n: signal.getsignal(n) for n in signal.valid_signals()}
    ours = {n for n, handler in handlers.items() if callable(handler)}
    return {
        "handlers": sorted(int(n) for n in ours),
        "ignored": sorted(int(n) for n, h in handlers.items() if h == signal.SIG_IGN),
        "mask": sorted(map(int, signal.pthread_sigmask(signal.SIG_BLOCK, []))),
        "timers": [signal.getitimer(n)[0] for n in range(3)],
        "umask": os.umask(os.umask(0)),
        "folder": _folder(),
        "root": os.stat("/").st_ino,
        "ids": [*os.getresuid(), *os.getresgid(), *os.getgroups()],
        "nice": os.getpriority(os.PRIO_PROCESS, 0),
        "scheduling": [sorted(os.sched_getaffinity(0)), os.sched_getscheduler(0)],
        "limits": [
            list(resource.getrlimit(getattr(resource, name)))
            for name in dir(resource)
            if name.startswith("RLIMIT_")
        ],
        "files": [_file(fd) for fd in range(3)],
        "many files": len(os.listdir("/proc/self/fd")) > 100,
        "environment": dict(os.environ),
        "time zone": time.tzname,
        "path": list(sys.path),
        "arguments": list(sys.argv),
        "python": [sys.getrecursionlimit(), sys.getswitchinterval()],
        "hooks": [
            repr(f)
            for f in (
                sys.gettrace(),
                sys.getprofile(),
                threading.gettrace(),
                threading.getprofile(),
            )
        ],
        "excepthook": sys.excepthook is sys.__excepthook__,
        "stdin": sys.stdin is not None,
        "collector": [gc.isenabled(), *gc.get_threshold()],
        "socket timeout": socket.getdefaulttimeout(),
        "locale": locale.setlocale(locale.LC_ALL),
        "exit code": subprocess.run(["false"], check=False).returncode,
        "old event loop": _old_event_loop(),
    }


def _old_event_loop() -> str:
    """Return how code of old ways gets its event loop."""
    try:
        loop = asyncio.get_event_loop_policy().get_event_loop()
    except RuntimeError as error:
        return str(error)
    loop.close()
    asyncio.set_event_loop_policy(None)
    return "new"


@session.task()
def say(text: str) -> None:
    """Write by a program and by this process."""
    subprocess.run(["echo", text], check=True)
    print(text)


VARIABLE = contextvars.ContextVar("VARIABLE", default=0)


def count_in_context() -> tuple[int, int]:
    """Return the process and what an earlier run has left in two context variables."""
    found = VARIABLE.get() + (decimal.getcontext().prec - 28)
    VARIABLE.set(1)
    decimal.getcontext().prec = 29
    return os.getpid(), found


for lane in ("process", "thread", "main"):
    session.task(name=f"count-{lane}", lane=lane)(count_in_context)


@session.task()
def nothing() -> None:
    """Take no time at all."""
