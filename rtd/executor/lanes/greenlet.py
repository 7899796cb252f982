"""The `greenlet` lane: gevent's loop in the main thread, one greenlet per run.

The app is here as in any other program of gevent: its import, its hooks and its runs are in the
main thread, with the Hub. The coordinator has a thread of the operating system for itself and uses
the originals of what gevent has patched. This module is imported before that.
"""

from _thread import start_new_thread
from collections import deque
from collections.abc import Callable
from contextvars import copy_context
from functools import partial
from typing import Any, Final

import gevent
from gevent import Greenlet, GreenletExit
from gevent.exceptions import LoopExit
from gevent.hub import Hub

from rtd.common.stdlib.originals import os, threading
from rtd.executor.aspects.process_traits import ExecutorParts, ProcessTraits
from rtd.executor.core.attempt_outcome import AttemptOutcome
from rtd.executor.lanes.base_lane import LaneParts
from rtd.executor.lanes.concurrent import ConcurrentLane
from rtd.executor.runs import outcome_of_call
from rtd.executor.runs.call_task import call_task, middleware_calls
from rtd.executor.runs.concurrent_run import ConcurrentRun
from rtd.executor.runs.run_greenlet import RunGreenlet, carry_run_into_greenlet
from rtd.process.fork.fork import CRASH_LOG, EXIT_CRASHED, EXIT_FDS_CLOSED
from rtd.process.traits.trait import Trait
from rtd.session.context import run_context
from rtd.session.core.app_errors import Error, Stopped

#: How the error begins that gevent raises when the descriptors of its loop are closed.
_LOOP_BROKEN: Final = "(libev)"
#: So often descriptors that runs have closed are looked for.
_LOOK_EVERY_S: Final = 0.050


class GreenletLane(ConcurrentLane):
    """One greenlet per run. A stop raises `Stopped` in it; or it is the `stop` of a class task,
    called in a greenlet of its own."""

    def __init__(self, parts: LaneParts) -> None:
        super().__init__(parts)
        self._greenlets: dict[str, RunGreenlet] = {}
        #: With what hooks of the executor's start have set.
        self._clean_context = copy_context()
        Hub.NOT_ERROR = (*Hub.NOT_ERROR, Stopped, Error)
        Greenlet.add_spawn_callback(carry_run_into_greenlet)
        self._hub = gevent.get_hub()
        self._loop = self._hub.loop
        #: What the coordinator wants the Hub to call, and what wakes the Hub for it.
        self._orders: deque[tuple[Any, ...]] = deque()
        self._bell = self._loop.async_()
        #: A task has closed descriptors, so the loop has lost its own.
        self._fds_replaced = self._loop_broken = False
        self._next_look_at = 0.0
        self._coordinator = 0

    def run_loop(self, loop: Callable[[], int]) -> int:
        codes: list[int] = []
        over = self._loop.async_()
        ended = threading.Lock()
        ended.acquire()

        def coordinate() -> None:
            self._coordinator = threading.get_ident()
            try:
                codes.append(loop())
            except BaseException:
                CRASH_LOG.write_error()
                os._exit(EXIT_CRASHED)
            ended.release()
            over.send()

        over.start(_do_nothing)  # from now on the loop has something to wait for
        self._bell.start(self._take_orders)
        self._signals.arm_wakeup()
        start_new_thread(coordinate, ())
        while not codes:
            if not self._wait_for(over):
                self._loop_broken = True
                self._wake()
                ended.acquire()
            over.start(_do_nothing)  # before the look at `codes`: `wait` has stopped it
        self._bell.close()
        over.close()
        return codes[0]

    def _wait_for(self, over: Any) -> bool:
        """Let the Hub go on. Returns False when it cannot: only the coordinator does."""
        try:
            self._hub.wait(over)
        except LoopExit:
            # The loop has counted wrongly what it waits for: `over` has been there all the time.
            # A thread of the app that uses what belongs to this loop can bring that about.
            self._loop.ref()
        except SystemError as error:
            return not str(error).startswith(_LOOP_BROKEN)
        except (KeyboardInterrupt, SystemExit):
            pass  # of a greenlet of a task, which keeps it as its result, too, as a SystemError
        return True

    def _process_traits(self, stdio: Trait) -> ProcessTraits:
        # Without the descriptors: while the main thread looks, the coordinator opens some.
        return ProcessTraits(ExecutorParts(stdio, dict, _do_nothing, self._on_spoiled))

    # -- in the thread of the coordinator ------------------------------------------------------

    def launch(self, active: ConcurrentRun) -> None:
        self._order(self._begin, active)

    def call_in_loop(self, call: Callable[[], None]) -> bool:
        self._order(call)
        return True

    def request_stop(self, active: ConcurrentRun) -> None:
        found = self._greenlets.get(active.leased_run.id)
        if found is not None and found.greenlet is gevent.getcurrent():
            found.leave_unstoppable()
        self._order(self._stop, active)

    def _order(self, *call: Any) -> None:
        """Let the Hub call a function, from any thread.

        Not by gevent's `run_callback_threadsafe`: it counts without a lock, beside a loop that
        counts without the GIL, so that the loop ends in the end for want of something to wait for.
        """
        self._orders.append(call)
        self._bell.send()

    def collect(self) -> None:
        broken = self._loop_broken  # before: what runs in the loop ends before the loop does
        super().collect()
        if broken:
            self._on_spoiled()
        if (broken or self._fds_replaced) and self.running_count():
            # They cannot go on. What has ended is known.
            self._backend.exchange(0)
            os._exit(EXIT_FDS_CLOSED)

    def _replace_fds(self) -> None:
        super()._replace_fds()
        self._fds_replaced = True

    def _on_alarm(self) -> None:
        """Do nothing: this is called in the main thread, which is not the one that waits."""

    def _interrupt_coordinator(self) -> None:
        # It has no handler to call: its wait finds descriptors that are closed.
        self._signals.interrupt(self._coordinator)

    def _restore_process(self, outcome: AttemptOutcome) -> None:
        """Only look for descriptors that the runs have closed: the main thread does the rest."""
        if outcome.ended_at >= self._next_look_at:
            self._next_look_at = outcome.ended_at + _LOOK_EVERY_S
            self.replace_lost_fds()

    def prepare_next(self) -> None:
        if not self._active:
            self._order(self._on_idle)

    # -- in the main thread --------------------------------------------------------------------

    def _take_orders(self) -> None:
        while self._orders:
            self._loop.run_callback(*self._orders.popleft())

    def _begin(self, active: ConcurrentRun) -> None:
        greenlet = Greenlet(self._execute_run, active)
        greenlet.gr_context = self._clean_context.copy()
        self._greenlets[active.leased_run.id] = RunGreenlet(active, greenlet)
        greenlet.start()

    def _stop(self, active: ConcurrentRun) -> None:
        """Stop a run: called in the Hub, where nothing may wait."""
        found = self._greenlets.get(active.leased_run.id)
        if found is None:
            return
        if active.own_stop is None:
            found.raise_stop()
            return
        stopping = Greenlet(self._call_own_stop, found)
        stopping.gr_context = found.greenlet.gr_context.copy()
        active.current_run.add_started(stopping)
        found.stopping = stopping
        stopping.start()

    def _call_own_stop(self, found: RunGreenlet) -> None:
        """Call the `stop` of a class task; what it raises ends the run."""
        stop = found.active.own_stop
        try:
            if stop is not None:  # else its start() has returned meanwhile
                stop()
                return
        except GreenletExit:
            return  # the run has ended, and with it what it has left
        except BaseException as error:
            outcome_of_call.note_stop_failure(found.active.outcome, error)
        self._loop.run_callback(found.raise_stop)

    def _execute_run(self, active: ConcurrentRun) -> None:
        run_context.enter_run(active.current_run)
        found = self._greenlets[active.leased_run.id]
        active.thread = threading.get_ident()
        outcome, limit_bytes = active.outcome, self._options.result_limit_bytes
        raised: BaseException | None = None
        try:
            with found.task_code():
                if active.stop_requested:  # the stop was faster
                    raise Stopped
                result = _call(active)
            if not isinstance(result, GreenletExit):  # of a greenlet that was killed: no result
                outcome_of_call.record_success(outcome, result, limit_bytes)
        except GreenletExit:
            pass  # it has killed itself, which gevent counts as a success
        except BaseException as error:
            raised = error
            outcome_of_call.record_failure(outcome, error, is_stop=active.stop_requested)
        try:
            if active.delivers_outcome():
                middleware_calls().deliver_outcome(outcome, raised, limit_bytes, found)
        finally:
            found.finish(self._loop, partial(self._finish, active))

    def _finish(self, active: ConcurrentRun) -> None:
        del self._greenlets[active.leased_run.id]
        if not self._greenlets:
            active.outcome.end()
            self._traits.leave_shared(active.outcome)
        self._signals.arm_wakeup()  # a task may have taken it away
        self.on_finished(active)

    def _on_idle(self) -> None:
        if not self._greenlets:
            self._traits.on_idle()


def _call(active: ConcurrentRun) -> Any:
    work = active.leased_run
    definition = outcome_of_call.find_definition(work)
    if definition.is_plain:
        return definition.target(**outcome_of_call.resolve_parameters(work))
    return call_task(definition, work, active.outcome, active)


def _do_nothing() -> None:
    """Do nothing."""
