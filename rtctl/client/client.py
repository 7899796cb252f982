"""The blocking client."""

from __future__ import annotations

from rtctl.client import bulk_submit
from rtctl.client.bound_task import BoundTask
from rtctl.client.connection_pool import ConnectionPool
from rtctl.client.direct_submit import DirectSubmitter
from rtctl.client.run import Run, single_outcome
from rtctl.client.submit_options import to_wire
from rtd.common.ids import new_id

TYPE_CHECKING = False
if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from types import TracebackType
    from typing import Any, Unpack

    from rtctl.client.submit_options import RunOptions
    from rtctl.generated.answers import InfoResult, PingResult
    from rtctl.generated.shapes import Event, Outcome, ParamRow, QueueRow, TaskRow
    from rtctl.generated.verbs import Verbs


class Client:
    """A daemon, as a blocking program uses it. Threads may share one.

        with Client() as rt:
            run = rt.submit("report", day="2026-01-31")
            print(run.wait(timeout=60).result)

    Args:
        address: path of the control socket; None: RTD_SOCKET, else `rtd.sock` in
            RTD_RUNTIME_DIR or its default.
        reconnect_s: how long a daemon that was there may be away (a restart) before a call
            fails.

    Every method raises `DaemonUnreachable` when nobody answers, and the daemon's own errors,
    all of them `RtdError`.

    Attributes:
        rpc: every verb of the protocol as it is on the wire.
    """

    def __init__(
        self, address: str | os.PathLike[str] | None = None, *, reconnect_s: float = 5.0
    ) -> None:
        self._pool = ConnectionPool(address, reconnect_s)
        self._direct_submitter = DirectSubmitter()
        self.rpc: Verbs = self._pool.rpc

    def __enter__(self) -> Client:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Hang up. Runs go on; the client may be used again."""
        self._pool.close()
        self._direct_submitter.close()

    # --- making runs

    def submit(self, task: str, /, **params: Any) -> Run:
        """Queue a run of a task with these parameters.

        Safe when the connection breaks: the run's id is made here, so it is made once. For
        options use `task`.
        """
        return self.submit_with(task, params, {})

    def task(self, name: str, /, **options: Unpack[RunOptions]) -> BoundTask:
        """A task with options: `rt.task("report", timeout="10m").submit(day="2026-01-31")`."""
        return BoundTask(self, name, options)

    def command(self, *argv: str, options: RunOptions | None = None, **how: Any) -> Run:
        """Queue a command: `rt.command("make", "-j2", cwd="/src", options={"timeout": "1h"})`.

        Args:
            how: cwd, env (variables on top of the daemon's), user, stdin, umask.
        """
        return self.submit_with("command", {"argv": list(argv), **how}, options or {})

    def submit_with(self, task: str, params: Mapping[str, Any], options: Mapping[str, Any]) -> Run:
        """As `submit`, with the parameters and the options as maps."""
        if not options:
            return self._submit_plain(task, params)
        key, plain = to_wire(options)
        answer = self.rpc.submit(
            task=task,
            params=dict(params),
            ids=None if key else [new_id()],
            key=key,
            options=plain,  # type: ignore[arg-type]  # the daemon checks them
        )
        return Run(self, answer["ids"][0], task, answer["created"][0])

    def _submit_plain(self, task: str, params: Mapping[str, Any]) -> Run:
        """Without options: straight into Redis where the daemon has offered it."""
        run_id = new_id()
        created = self._direct_submitter.submit(task, run_id, params)
        if created is None:
            answer = self.rpc.submit(task=task, params=dict(params), ids=[run_id], shortcut=True)
            self._direct_submitter.store_offer(task, answer["shortcut"])
            created = answer["created"][0]
        return Run(self, run_id, task, created)

    def submit_many(
        self,
        task: str,
        params: Iterable[Mapping[str, Any]],
        options: Mapping[str, Any] | None = None,
    ) -> list[Run]:
        """Queue many runs of one task, tens of thousands a second.

        Sent in chunks; a chunk is accepted or refused as a whole.

        Raises:
            RtdError: the sentence ends with how many had been queued before.
        """
        _, plain = to_wire(bulk_submit.check_options(options or {}))
        created = bulk_submit.submit_all(self._pool, task, params, plain)
        return [Run(self, run_id, task, new) for run_id, new in created]

    # --- reading

    def ls(
        self,
        task: str | None = None,
        state: str | Sequence[str] = (),
        queue: str | None = None,
        limit: int = 50,
    ) -> list[Run]:
        """Runs, the running and the newest first; `row` of each holds what is known.

        Args:
            state: one or several of the states.
        """
        states = [state] if isinstance(state, str) else list(state)
        rows = self.rpc.ls(task=task, state=states, queue=queue, limit=limit)["runs"]
        return [Run(self, row["id"], row["task"]).learn(row) for row in rows]

    def get(self, run: str) -> Run:
        """A run by its id, 4 or more characters of it, or your own unique id."""
        row = self.rpc.show(run=run)["row"]
        return Run(self, row["id"], row["task"]).learn(row)

    def tasks(self) -> list[TaskRow]:
        """What can be submitted."""
        return self.rpc.tasks()["tasks"]

    def parameters(self, task: str | None = None) -> list[ParamRow]:
        """What tasks are given besides the parameters of a submit.

        Args:
            task: only what this one is given.
        """
        return self.rpc.params_ls(task=task)["params"]

    def queues(self) -> list[QueueRow]:
        """All queues that have ever been used."""
        return self.rpc.queue_ls()["queues"]

    def info(self) -> InfoResult:
        """The daemon, its app, its Redis and its executors."""
        return self.rpc.info()

    def ping(self) -> PingResult:
        """Whether the daemon answers."""
        return self.rpc.ping()

    def events(
        self, follow: bool = False, since: str | None = None, limit: int = 100
    ) -> Iterator[Event]:
        """What happens to runs: the last `limit` events, or with `follow` those to come.

        Args:
            since: the `id` of an event; only those after it.
        """
        parts = self.rpc.events(follow=follow, since=since, limit=limit)
        try:
            yield from parts
        finally:
            parts.close()

    # --- changing

    def wait(
        self, runs: Sequence[Run | str], timeout: float | None = None, any: bool = False
    ) -> list[Run]:
        """Return when all of the runs (or any of them) are over. Waits out restarts of rtd.

        Args:
            timeout: seconds; None: for ever.

        Raises:
            WaitTimeout: they were not over by then. They go on.
        """
        rows = self._pool.wait([_id(run) for run in runs], timeout, any)
        return [
            (run if isinstance(run, Run) else Run(self, row["id"], row["task"])).learn(row)
            for run, row in zip(runs, rows, strict=True)
        ]

    def kill(self, *runs: Run | str, grace: float | None = None, reason: str = "") -> list[Outcome]:
        """End runs and everything they started; for each what was ended, or its error."""
        targets = [_id(run) for run in runs]
        return self.rpc.kill(runs=targets, grace_s=grace, reason=reason)["runs"]

    def cancel(self, *runs: Run | str, reason: str = "") -> list[Outcome]:
        """Withdraw runs that have not started; for each its state, or why it was too late."""
        return self.rpc.cancel(runs=[_id(run) for run in runs], reason=reason)["runs"]

    def retry(self, run: Run | str) -> Run:
        """Submit an ended run once more, as a new run."""
        outcome = single_outcome(self.rpc.retry(runs=[_id(run)], ids=[new_id()])["runs"])
        assert outcome["new"] is not None
        return self.get(outcome["new"])

    def set_parameter(self, name: str, value: Any, task: str | None = None) -> ParamRow:
        """Give a parameter that the app declares another value, from the next run on.

        Args:
            task: whose own parameter it is; None: the session's.

        Raises:
            RtdError: nothing declares it, or the value cannot be stored.
        """
        return self.rpc.params_set(name=name, value=value, task=task)["param"]

    def unset_parameter(self, name: str, task: str | None = None) -> ParamRow:
        """Take back `set_parameter`: what the app declared holds again."""
        return self.rpc.params_unset(name=name, task=task)["param"]

    def pause_queue(self, *queues: str, reason: str = "") -> list[QueueRow]:
        """Start nothing more from these queues; what runs goes on, submits are accepted."""
        return self.rpc.queue_pause(queues=list(queues), reason=reason)["queues"]

    def resume_queue(self, *queues: str) -> list[QueueRow]:
        """Start runs from these queues again."""
        return self.rpc.queue_resume(queues=list(queues))["queues"]


def _id(run: Run | str) -> str:
    return run if isinstance(run, str) else run.id
