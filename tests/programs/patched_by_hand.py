"""An app that puts functions of its own in the place of the standard library's."""

import os
import queue
import select
import selectors
import signal
import socket
import subprocess
import threading
import time
from typing import Any


def refuse(*_args: Any, **_options: Any) -> Any:
    raise RuntimeError("the app has patched this")


for module, names in {
    os: ("fork", "forkpty", "waitpid", "wait", "wait3", "wait4", "waitid", "posix_spawn", "kill"),
    signal: ("signal", "getsignal", "set_wakeup_fd", "setitimer", "pthread_kill"),
    select: ("select", "poll", "epoll"),
    selectors: ("DefaultSelector", "EpollSelector", "PollSelector", "SelectSelector"),
    socket: ("socket", "create_connection", "socketpair", "SocketType"),
    subprocess: ("Popen", "run", "_fork_exec"),
    threading: ("Lock", "RLock", "Event", "Condition", "_start_new_thread", "_allocate_lock"),
    queue: ("SimpleQueue", "Queue"),
    time: ("sleep",),
}.items():
    for name in names:
        if hasattr(module, name):
            setattr(module, name, refuse)
threading.Thread.start = refuse  # type: ignore[method-assign]

from patched_tasks import session  # noqa: E402, F401
