"""The base of rtd's own tasks that do a step again and again until they are stopped."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any

from rtd.common.stdlib.originals import os, select
from rtd.common.units import parse_duration_s
from rtd.session.context.run_context import progress
from rtd.session.core.app_errors import Error
from rtd.session.tasks.task import Task


class LoopTask(Task):
    """Does a step every so often. Its progress says how many, and what the last one has found.

    Args:
        loop_interval: the time between two steps: seconds, or text (`"10s"`).
    """

    LANE = "thread"

    def __init__(self, loop_interval: float | str) -> None:
        self.interval_s = self.read_duration("loop_interval", loop_interval)
        # No `threading.Event`: in lane process `stop` is called within the wait of this thread.
        self._stop_fd = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)

    def read_duration(self, name: str, value: Any) -> float:
        """Return the seconds of a parameter. Raises Error: it is no duration."""
        try:
            return parse_duration_s(value)
        except ValueError as error:
            raise Error(f"{self.NAME}: {name}: {error}") from None

    def start(self) -> None:
        """Do steps until stopped."""
        count = 0
        try:
            while not self.is_stopped():
                text = self.do_step()
                count += 1
                progress(count, text=text)
                self._wait(self.interval_s)
        finally:
            self.end()
            os.close(self._stop_fd)
            self._stop_fd = -1

    def stop(self) -> None:
        """End after the current step."""
        if self._stop_fd >= 0:
            os.eventfd_write(self._stop_fd, 1)

    def is_stopped(self) -> bool:
        """Whether the task was asked to end."""
        return self._wait(0.0)

    def _wait(self, seconds: float) -> bool:
        poller = select.poll()
        poller.register(self._stop_fd, select.POLLIN)
        return bool(poller.poll(seconds * 1000))

    @abstractmethod
    def do_step(self) -> str:
        """Do one step. Returns what it has found, in a few words."""

    def end(self) -> None:
        """Close what the steps have opened."""
