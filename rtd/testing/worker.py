"""`TWorker`: a queue in this process, in the place of a daemon."""

from __future__ import annotations

from collections.abc import Collection
from contextlib import ExitStack
from types import TracebackType
from typing import Final, Self

from rtd.common.errors import BadRequest
from rtd.common.text_of import show_value
from rtd.session.core.session_state import SessionState
from rtd.testing.client_verbs import ClientVerbs
from rtd.testing.executor_hooks import executor_of
from rtd.testing.local_connection import answered_here
from rtd.testing.prepared_app import PreparedApp
from rtd.testing.queue_executor import QueueExecutor
from rtd.testing.run_queue import RunQueue
from rtd.testing.run_rows import run_text
from rtd.testing.task_outcome import TaskOutcome


class TWorker:
    """A queue in this process for code that submits runs; no daemon and no Redis are needed.

    ```python
    with TWorker() as worker:
        run = order("book")  # calls rtctl.Client().submit(...)
        assert worker.run() == 1
        assert run.result() == "sent"
    ```

    Inside the block all clients of this process, `rtctl.Client` and `rtctl.AsyncClient`, use this
    queue. They know the verbs submit, wait, result, show, ls, cancel, retry and ping. Waiting for a
    run carries out what is queued, in the thread that waits, until that run is over. Each run is
    carried out as by `rtd.testing.run_task`, and retries have no pause.

    Args:
        session: of the tasks, or an app as for `rtd run`; None: the default session.
        queues: execute only the runs of these queues; None: all.

    Attributes:
        runs: the outcome of each run that has ended, in the order of their ends.
    """

    def __init__(
        self, session: SessionState | str | None = None, queues: Collection[str] | None = None
    ) -> None:
        if isinstance(queues, str):
            raise BadRequest(f"queues must be a list of names, not {show_value(queues)}")
        self.runs: Final[list[TaskOutcome]] = []
        self._session = session
        self._queue = RunQueue(queues)
        self._block: ExitStack | None = None

    def __enter__(self) -> Self:
        if self._block is not None:
            raise BadRequest("this TWorker is in use: make one for each block")
        app = PreparedApp(self._session)
        self._app = app
        with ExitStack() as block:
            context = block.enter_context(executor_of(app.session, "process"))
            self._executor = QueueExecutor(app, context, self._queue, self.runs.append)
            verbs = ClientVerbs(app, self._queue, self._executor)
            block.enter_context(answered_here(verbs.answer))
            self._block = block.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        block, self._block = self._block, None
        if block is not None:
            block.close()

    @property
    def succeeded(self) -> list[TaskOutcome]:
        """The outcomes of the runs that have succeeded."""
        return [outcome for outcome in self.runs if outcome.state == "succeeded"]

    @property
    def failed(self) -> list[TaskOutcome]:
        """The outcomes of the runs that have failed."""
        return [outcome for outcome in self.runs if outcome.error is not None]

    def run(self, raise_on_failure: bool = True, *, delayed: bool = False) -> int:
        """Carry out what is queued by priority and order, also what these runs submit.

        Args:
            raise_on_failure: stop at the first run that fails.
            delayed: also execute the delayed runs that are queued now.

        Returns:
            How many runs have ended.

        Raises:
            RuntimeError: a run has failed; its exception is the cause. The others wait.
            BadRequest: outside of the block.
        """
        if self._block is None:
            raise BadRequest(
                "TWorker.run() works inside its block: `with TWorker() as worker: ...`"
            )
        due = [run.id for run in self._queue.runs if run.due_at is not None] if delayed else []
        ended = 0
        while True:
            was_there, outcome = self._executor.step(due)
            if not was_there:
                return ended
            ended += outcome is not None
            if raise_on_failure and outcome is not None and outcome.error is not None:
                params = run_text(self._app, self._queue.find(outcome.run))
                raise RuntimeError(
                    f"task {outcome.task}({params}) failed: {outcome.why}"
                ) from outcome.error
