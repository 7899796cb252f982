"""The pull loop of every lane: report the ended runs, take what fits, wait for more."""

from collections.abc import Callable

from rtd.common.stdlib.originals import time
from rtd.executor.core.attempt_outcome import expired_outcome, refused_outcome
from rtd.executor.core.backend import Backend
from rtd.executor.core.executor_connections import Abandoned
from rtd.executor.core.executor_options import ExecutorOptions
from rtd.executor.core.exit_codes import EXIT_FENCED, EXIT_RETIRED
from rtd.executor.core.leased_run import LeasedRun
from rtd.executor.core.wait_readable import wait_readable
from rtd.executor.lanes.base_lane import BaseLane, DescriptorsLost
from rtd.executor.unreadable_runs import check_run, end_unreadable
from rtd.model.internal_tasks import FOR_NODE, is_internal, node_marker
from rtd.model.manifest import COMMAND, NO_COMMANDS
from rtd.session.session import Session
from rtd.store.commands.arguments import StoredRun, TakeReply, parse_token
from rtd.store.commands.stored_records import UNREADABLE


class PullLoop:
    """One executor's life between its birth and its exit code.

    Args:
        serving: returns the number of the generation that new runs are for.
    """

    def __init__(
        self,
        lane: BaseLane,
        backend: Backend,
        session: Session | None,
        options: ExecutorOptions,
        serving: Callable[[], int],
    ) -> None:
        self._lane = lane
        self._node = options.node
        self._allow_commands = options.allow_commands
        self._generation = options.generation
        self._serving_generation = serving
        self._backend = backend
        self._tasks = session.tasks if session else {}
        self._idle_s = options.idle_s
        self._leaving = False
        #: Whether Redis counts this executor as idle, so that a submit may hand it a run.
        self._registered = False

    def run(self) -> int:
        """Take and start runs until retired, recycled, fenced off or abandoned. Returns the exit
        code."""
        code = None
        while code is None:
            try:
                code = self._turn()
            except Abandoned:
                code = EXIT_RETIRED
            except DescriptorsLost:
                self._lane.replace_lost_fds()
            except OSError:
                if not self._lane.replace_lost_fds():
                    raise
        return code

    def _turn(self) -> int | None:
        """Report, take and start runs once, or wait for some. Returns the exit code at the end."""
        self._lane.collect()
        if self._lane.retiring() or self._lane.should_recycle():
            self._leaving = True
        if self._leaving and not self._lane.running_count() and not self._registered:
            self._backend.exchange(0)
            return EXIT_RETIRED
        want = self._want()
        reply = self._backend.exchange(want)
        if reply.what == "fenced":
            return EXIT_FENCED
        self._registered = reply.what == "idle" or (self._registered and not want)
        if reply.what == "retire":
            self._leaving = True
            self._registered = False
        elif reply.runs:
            self._start(reply.runs)
        elif not want or reply.what == "idle":
            self._wait(reply)
        return None

    def _want(self) -> int:
        """Return how many runs to take. An executor that leaves while it counts as idle takes once
        more, so that a run that was just handed to it is not left on its bell."""
        if not self._leaving:
            return self._lane.room()
        if self._registered:
            self._backend.request_retire()
            return 1
        return 0

    def _start(self, runs: list[StoredRun]) -> None:
        now_at = time.time()
        ready, unreadable, unknown = [], [], False
        for run in runs:
            try:
                work = LeasedRun(run.record, self._tasks)
                if work.id != run.id or work.attempts or work.opts or work.fetched is not None:
                    check_run(work, run)
                    unknown = unknown or FOR_NODE in work.opts
                is_expired = work.is_expired(now_at)
            except UNREADABLE:
                unreadable.append(run)
                continue
            if is_expired:
                why = f"it had not started {work.policies.expires_s:g} s after its submit"
                self._backend.outcomes.add(expired_outcome(work, why))
            else:
                ready.append(work)
                unknown = unknown or work.definition is None
        if unreadable:
            end_unreadable(self._backend, unreadable)
        if ready and self._generation < self._serving_generation():
            # The app was reloaded, and our retirement is on its way: these runs are for the new
            # code, and may be of tasks that only the new code has.
            self._backend.give_back(ready)
            self._leaving = True
            return
        if unknown:
            ready = self._without_strange(ready)
        if ready:
            self._lane.start(ready)

    def _without_strange(self, ready: list[LeasedRun]) -> list[LeasedRun]:
        """Leave runs that are not for this app to other nodes; return the rest, with those that no
        node has: each of these ends with an error that says so."""
        strange = {
            work.id: task
            for work in ready
            if (work.definition is None or FOR_NODE in work.opts)
            and (task := self._task_elsewhere(work))
        }
        if not strange:
            return ready
        left = self._backend.decline(strange)
        kept = []
        for work in ready:
            if work.id not in strange:
                kept.append(work)
            elif work.id in left and FOR_NODE in work.opts:
                why = f"node {work.opts[FOR_NODE]} does not run any more"
                self._backend.outcomes.add(expired_outcome(work, why))
            elif work.id in left and work.task == COMMAND:
                self._backend.outcomes.add(refused_outcome(work, NO_COMMANDS))
            elif work.id in left:
                kept.append(work)
        return kept

    def _task_elsewhere(self, work: LeasedRun) -> str | None:
        """Return what a node must have to carry out this run, which has no task here or is for one
        node; None when it can be carried out all the same."""
        node = work.opts.get(FOR_NODE)
        if node not in (None, self._node):
            return node_marker(node)
        if is_internal(work.task) or work.definition is not None:
            return None
        return None if work.task == COMMAND and self._allow_commands else work.task

    def _wait(self, reply: TakeReply) -> None:
        try:
            self._wait_for_work(reply)
        finally:
            self._lane.clear_wakeups()

    def _wait_for_work(self, reply: TakeReply) -> None:
        if reply.what == "idle":
            timeout_s = self._idle_s if self._idle_s and not self._lane.running_count() else None
            if reply.next_due_ms is not None:
                due_s = max(reply.next_due_ms / 1000 - time.time(), 0.0)
                timeout_s = due_s if timeout_s is None else min(timeout_s, due_s)
            if not self._leaving:
                self._lane.prepare_next()
            self._wait_for_bell(timeout_s)
        else:
            wait_readable(self._lane.fds(), None)

    def _wait_for_bell(self, timeout_s: float | None) -> None:
        began = time.monotonic()
        token = self._backend.wait_for_token(timeout_s, self._lane.fds())
        if token is not None:
            self._registered = False
            run = parse_token(token)
            if run is not None:
                self._backend.record_handoff(run)
                self._start([run])
        elif (
            self._idle_s
            and not self._lane.running_count()
            and time.monotonic() - began >= self._idle_s
        ):
            self._leaving = True
