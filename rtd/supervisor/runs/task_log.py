"""The supervisor's part in the task log: that it is on, and that runs are told of when they begin.

Ends of runs are told by the scripts that write them. What has begun is seen on the board, where
runs are logged; a run that is over sooner is told of with its end.
"""

import asyncio
import time
from typing import Final

from rtd.common.errors import StoreGone
from rtd.model.run_record import decode
from rtd.process.board.board import Seen
from rtd.supervisor.core.clock import wall_of_ns
from rtd.supervisor.core.context import Core

#: How often the board is looked at, where runs are logged.
LOOK_S: Final = 0.1
#: Runs of this age are told of.
AGE_NS: Final = 30_000_000
_BATCH: Final = 500
#: So long the log may stand still before that is a fault.
STUCK_S: Final = 30.0


class TaskLog:
    """The task log of this node.

    Args:
        core: the shared ground.
        stuck_s: so long the log may stand still while something is to be written.
    """

    def __init__(self, core: Core, stuck_s: float = STUCK_S) -> None:
        self._core = core
        self._stuck_s = stuck_s
        self._told: set[str] = set()
        self._telling = False
        self._timer: asyncio.TimerHandle | None = None
        self._watching: asyncio.Task[None] | None = None
        self._served = False

    def serve(self, fresh: bool) -> None:
        """There is a manifest: switch the log on or off. Called before the first executor of
        its zygote is ordered, so that no end of a run comes before it.

        Args:
            fresh: its zygote was started by this daemon, not adopted.
        """
        forget = fresh and not self._served
        self._served = True
        on = self._core.manifest.info.logged
        self._core.jobs.start(self._switch(on, forget), "switching the task log")
        self.stop()
        if on:
            self._look_later()
            self._watching = self._core.jobs.start(self._watch(), "watching the task log")

    def stop(self) -> None:
        """Tell of no more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._watching is not None:
            self._watching.cancel()
            self._watching = None

    async def _switch(self, on: bool, forget: bool) -> None:
        core = self._core
        calls = [core.calls.log_switch(core.config.node, on)]
        if forget:
            calls.append(core.calls.log_forget_memory(core.config.node))
        while core.manifest.info.logged == on:  # else a later one has decided
            try:
                await core.redis.call(*calls)
                return
            except StoreGone:
                await core.redis_back()

    # --- what has begun

    def _look_later(self) -> None:
        self._timer = asyncio.get_running_loop().call_later(LOOK_S, self._look)

    def _look(self) -> None:
        self._look_later()
        if self._telling:
            return
        now_ns = time.monotonic_ns()
        going = {seen.run_id: seen for seen in self._core.board.scan()}
        self._told &= going.keys()
        new = [
            seen
            for run_id, seen in going.items()
            if run_id not in self._told and now_ns - seen.started_ns >= AGE_NS
        ]
        if new:
            self._telling = True
            self._core.jobs.start(self._tell(new[:_BATCH]), "telling the log what has begun")

    async def _watch(self) -> None:
        """A handler may hang: nobody else would say that nothing is written any more."""
        core = self._core
        before: bytes | None = None
        while core.manifest.info.logged:
            await asyncio.sleep(self._stuck_s)
            try:
                count, first = await core.redis.call(*core.calls.log_waiting(core.config.node))
            except StoreGone:
                continue
            if first is not None and first == before:
                text = f"nothing was written for {self._stuck_s:g} s while {count:,} entries wait"
                core.faults.note("log", "handlers", f"{text}: one of them hangs")
            before = first

    async def _tell(self, new: list[Seen]) -> None:
        core = self._core
        try:
            blobs = await core.ask(core.calls.get_many([seen.run_id for seen in new]))
            runs = []
            for seen, blob in zip(new, blobs, strict=True):
                task = "" if blob is None else decode(blob).spec.task
                if task and not task.startswith("@"):  # rtd's own
                    runs.append((seen.run_id, task, wall_of_ns(seen.started_ns)))
            if runs:
                await core.ask(core.calls.log_begun(core.config.node, runs))
            self._told.update(seen.run_id for seen in new)
        except StoreGone:
            await core.redis_back()
        finally:
            self._telling = False
