"""Leaves daemons behind (double fork, own session, deaf) and ends, or stays with `--stay`.

daemoniser.py [COUNT] [--stay]
"""

import os
import signal
import sys

from tests.programs.deaf import turn_deaf


def leave_daemon(*, deaf: bool = True) -> None:
    """Start one process that loses its parent: it falls to the next subreaper."""
    middle = os.fork()
    if middle == 0:
        os.setsid()
        if os.fork() == 0:
            if deaf:
                turn_deaf()
            while True:
                signal.pause()
        os._exit(0)
    os.waitpid(middle, 0)


if __name__ == "__main__":
    numbers = [int(word) for word in sys.argv[1:] if word.isdigit()]
    for _ in range(numbers[0] if numbers else 1):
        leave_daemon()
    print("ready", flush=True)
    while "--stay" in sys.argv:
        signal.pause()
