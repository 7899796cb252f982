"""Calls the app's hooks at the start and at the end of a process that carries out its code.

Neither hangs for ever: a hook that takes too long gets `rtd.Stopped`, and when it goes on all the
same the process ends.
"""

from collections.abc import Callable
from typing import Final

from rtd.common.errors import StoreError
from rtd.common.stdlib.originals import os
from rtd.executor.output.stdio_router import STDIO
from rtd.process.board.slot import Slot
from rtd.process.events.executor_signals import ExecutorSignals
from rtd.process.events.time_limit import TimeLimit
from rtd.process.fork.fork_guard import FORK_GUARD, exit_child
from rtd.session.context import run_context
from rtd.session.core.app_errors import Stopped, describe_error
from rtd.session.core.executor_hooks import Executor
from rtd.session.core.hooks import HookScope, hook_name
from rtd.session.session import Session

#: How long the hooks of the start may take together, and those of the end.
START_LIMIT_S: Final = 60.0
STOP_LIMIT_S: Final = 5.0
#: A hook that goes on after `Stopped` ends its process after this time.
_LAST_S: Final = 1.0
#: Exit code of a process whose hooks of the start cannot be ended.
_EXIT_STUCK: Final = 70

#: Receives a fault: (kind, what, message, halts).
ReportFault = Callable[[str, str, str, bool], None]


class ProcessHooks:
    """The hooks of one executor, or of the processes that it forks for its runs.

    Args:
        session: the app's.
        lane: the name of the executor's lane.
        exec_id: the id of the executor.
        slot: the executor's first; says that it must end.
        signals: of the executor.
        report: writes a fault, also in a process that the executor has forked.
    """

    def __init__(
        self,
        session: Session,
        lane: str,
        exec_id: str,
        slot: Slot,
        signals: ExecutorSignals,
        report: ReportFault,
    ) -> None:
        self._session = session
        self._lane = lane
        self._exec_id = exec_id
        self._slot = slot
        self._signals = signals
        self._report_fault = report
        self._started: HookScope | None = None
        #: The scope whose hooks are being called, and their time limit.
        self._scope: HookScope | None = None
        self._limit: TimeLimit | None = None
        self._is_late = False

    def start(self) -> None:
        """Call the hooks of the start. When the executor must end meanwhile they have no more
        time than those of the end."""
        self._started = scope = HookScope(self._session.hooks.start, self._on_raised)
        before, self._signals.on_term = self._signals.on_term, self._hurry
        limit_s = STOP_LIMIT_S if self._slot.retiring else START_LIMIT_S
        try:
            self._call("start", limit_s, scope, lambda: scope.before(self._view()), _EXIT_STUCK)
        finally:
            self._signals.on_term = before
            self._signals.restore()

    def stop(self, exit_code: int = 0) -> None:
        """Call the hooks of the end, then the rest of the generators of the start.

        Args:
            exit_code: of this process, if it must be ended because a hook does not end.
        """
        started = self._started
        scope = HookScope(self._session.hooks.stop, self._on_raised)

        def stop() -> None:
            scope.before(self._view())
            scope.after()
            if started is not None:
                self._scope = started
                started.after()

        self._call("stop", STOP_LIMIT_S, scope, stop, exit_code)

    def _view(self) -> Executor:
        return Executor(self._session, self._lane, self._exec_id)

    def _call(
        self, kind: str, limit_s: float, scope: HookScope, step: Callable[[], None], code: int
    ) -> None:
        """Carry out a step within its time, outside of every run."""

        def on_late() -> None:
            if self._is_late:
                text = f"{_cut(limit)}, and its process was ended"
                self._report(self._last_hook(kind), text)
                os._exit(code)
            self._is_late = True
            raise Stopped(f"hook_{kind} took longer than {limit.limit_s:g} s")

        self._scope, self._is_late = scope, False
        self._limit = limit = TimeLimit(limit_s, _LAST_S, on_late)
        token = run_context.enter_run(None)
        try:
            with STDIO.outside_runs(), limit:
                try:
                    step()
                finally:
                    if FORK_GUARD.is_child:  # a fork that the hook made, and that came back
                        exit_child(False)
        except Stopped as error:
            text = _cut(limit) if self._is_late else describe_error(error)
            self._report(self._last_hook(kind), text)
        finally:
            self._limit = None
            run_context.leave_run(token)

    def _hurry(self) -> None:
        """Handle SIGTERM during the hooks of the start."""
        limit = self._limit
        if self._slot.retiring and limit is not None and limit.limit_s > STOP_LIMIT_S:
            limit.set(STOP_LIMIT_S)

    def _last_hook(self, kind: str) -> str:
        last = None if self._scope is None else self._scope.last_hook
        return f"hook_{kind}" if last is None else hook_name(last)

    def _on_raised(self, name: str, error: BaseException) -> None:
        self._report(name, describe_error(error))

    def _report(self, name: str, text: str) -> None:
        name, text = (t.encode(errors="backslashreplace").decode() for t in (name, text))
        try:
            self._report_fault("hook", name, f"{text} (lane {self._lane})", False)
        except StoreError as error:
            STDIO.write_log(f"rtd: hook {name}: {text}; {error.sentence}\n".encode())


def _cut(limit: TimeLimit) -> str:
    return f"it did not end within {limit.limit_s:g} s and was cut short"


def has_hooks(session: Session | None) -> bool:
    """Return whether an app has hooks at the start or at the end of its processes."""
    return session is not None and bool(session.hooks.start or session.hooks.stop)
