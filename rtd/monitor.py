"""The task rtd/monitor: it tells of runs whose executor or node is gone.

rtd settles such runs by itself; the monitor shows them, and asks once more when one stays so:

    session.add_task(Monitor)
    session.start_local_task(Monitor)
"""

import time

from rtctl import Client
from rtd.common.errors import RtdError
from rtd.common.format_units import format_count
from rtd.session.tasks.loop_task import LoopTask

__all__ = ["Monitor"]


class Monitor(LoopTask):
    """Tells which leases of runs are stale, and asks the daemon to settle those that stay so.

    Emits `stale` and `settled`, each with the run; each is a line of the run's output, too.

    Args:
        loop_interval: the time between two checks: seconds, or text (`"10s"`).
        task_timeout: after this time the task requests the daemon to look at a stale lease.
    """

    NAME = "rtd/monitor"

    def __init__(self, loop_interval: float | str = 10, task_timeout: float | str = 60) -> None:
        super().__init__(loop_interval)
        self._timeout_s = self.read_duration("task_timeout", task_timeout)
        self._client = Client()
        #: Since when (monotonic) each stale run has been known.
        self._since: dict[str, float] = {}
        self._asked: set[str] = set()
        self._problem = ""

    def do_step(self) -> str:
        """Check all leases."""
        try:
            found = self._check()
        except RtdError as error:
            found = error.sentence
            if found != self._problem:
                print(found, flush=True)
            self._problem = found
        else:
            self._problem = ""
        return found

    def _check(self) -> str:
        now_s = time.monotonic()
        answer = self._client.rpc.leases()
        stale = {row["run"]: row for row in answer["stale"]}
        for run in self._since.keys() - stale.keys():
            del self._since[run]
            self._asked.discard(run)
            state = self._state(run)
            print(f"run {run} is settled: {state}", flush=True)
            self.emit("settled", {"run": run, "state": state})
        for run, row in stale.items():
            if run not in self._since:
                self._since[run] = now_s
                print(f"run {run} is stale: {row['why']}", flush=True)
                self.emit("stale", dict(row))
        due = {run for run, since_s in self._since.items() if now_s - since_s >= self._timeout_s}
        if due:
            self._client.rpc.leases(settle=True)
            for run in sorted(due - self._asked):
                print(f"run {run}: the daemon was asked to settle it", flush=True)
            self._asked |= due
        return f"{format_count(answer['leases'], 'lease')}, {len(stale)} stale"

    def _state(self, run: str) -> str:
        try:
            return str(self._client.get(run).state)
        except RtdError as error:
            return error.sentence

    def end(self) -> None:
        """Close the client."""
        self._client.close()
