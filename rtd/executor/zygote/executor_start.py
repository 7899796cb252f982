"""The start of an executor in the forked child: here, or in a new Python for a patched lane."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rtd.common.stdlib.originals import os
from rtd.config.python_command import module_command
from rtd.executor.zygote.executor_table import ExecutorMain
from rtd.model.lanes import find_lane
from rtd.process.board.board import Slot
from rtd.process.events.signals import SIGTERM, ignore_in_next_program
from rtd.session.session import Session

__all__ = ["ExecutorStart"]


class ExecutorStart:
    """Starts executors. Made before the app is imported, which may change the environment and the
    working directory: a new Python begins with those that the zygote has had.

    Args:
        main: the body of an executor.
    """

    def __init__(
        self, main: ExecutorMain, runtime_dir: Path, app: str | None, middleware: Sequence[str]
    ) -> None:
        self._main = main
        self._words = ["--runtime", str(runtime_dir)]
        if app is not None:
            self._words += ["--app", app]
        self._words += [f"--middleware={name}" for name in middleware]
        self._environment = dict(os.environ)
        self._folder = os.open(".", os.O_PATH | os.O_CLOEXEC)

    def run(
        self,
        lane: str,
        exec_id: str,
        slots: list[Slot],
        session: Session | None,
        options: dict[str, Any],
    ) -> int:
        """Be an executor; see `rtd.executor.executor.run_executor`."""
        if find_lane(lane).patched:
            self._replace_process(lane, exec_id, slots, options)
        return self._main(lane, exec_id, slots, session, options)

    def _replace_process(
        self, lane: str, exec_id: str, slots: list[Slot], options: dict[str, Any]
    ) -> None:
        """Become a new Python, with this pid. Raises OSError."""
        # No words of the command line, which others can read: there are passwords among them.
        fd = os.memfd_create("rtd-options", 0)
        import json  # lazy: only lane greenlet needs it

        os.write(fd, json.dumps(options).encode())
        words = [*self._words, "--lane", lane, "--exec-id", exec_id, "--options", str(fd)]
        words += ["--slots", f"{slots[0].index}:{slots[-1].index + 1}"]
        # A signal that comes before the new program has its handlers would end it.
        ignore_in_next_program(SIGTERM)
        os.fchdir(self._folder)
        command = module_command("rtd.executor.run_patched", *words)
        os.execve(command[0], command, self._environment)
