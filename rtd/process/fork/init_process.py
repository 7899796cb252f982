"""The first process of a container: reaps orphans, and passes signals on to its one child.

The kernel treats process 1 of a PID namespace differently. It gets every orphan of the namespace
as a child, also those of `docker exec`, and must reap them; and a signal whose default action would
end a process does nothing to it. So `rtd run` as process 1 forks the daemon and stays as its init.
When this process ends, the kernel kills all that is left in the namespace.
"""

from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Final

from rtd.common.stdlib.originals import os, signal
from rtd.process.fork.fork import fork_child, send_to_child

__all__ = ["run_under_init"]

_PASSED: Final = frozenset(
    {
        signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT, signal.SIGUSR1,
        signal.SIGUSR2,
    }
)  # fmt: skip


def run_under_init(body: Callable[[], int]) -> int:
    """Fork a child that runs `body`, and be its init until it ends.

    The child has a process group of its own, so that a Ctrl-C on the terminal of a container
    reaches it once: through here. Signals that come before the fork reach it, too.

    Returns:
        The exit code of the child; 128 + the number of the signal that ended it.

    Raises:
        OSError: no more processes or memory.
    """
    waited = _PASSED | {signal.SIGCHLD}
    before = signal.pthread_sigmask(signal.SIG_BLOCK, waited)
    child = fork_child(lambda: _run_child(body, before))
    while True:
        number = signal.sigwait(waited)
        if number != signal.SIGCHLD:
            send_to_child(child, number)
        elif (code := _reap_all(child)) is not None:
            return code


def _run_child(body: Callable[[], int], mask: Iterable[int]) -> int:
    os.setpgid(0, 0)
    signal.pthread_sigmask(signal.SIG_SETMASK, mask)
    return body()


def _reap_all(child: int) -> int | None:
    """Reap all that have ended. Returns the exit code of the child, or None while it runs."""
    code = None
    with suppress(ChildProcessError):
        while (ended := os.waitpid(-1, os.WNOHANG))[0]:
            if ended[0] == child:
                code = os.waitstatus_to_exitcode(ended[1])
    return 128 - code if code is not None and code < 0 else code
