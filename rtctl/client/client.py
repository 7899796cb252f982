"""The blocking client. `rtctl/aio/client.py` is made from this file (`make generate`)."""

from __future__ import annotations

from rtctl.client.bound_task import BoundTask
from rtctl.client.errors import single_outcome
from rtctl.client.redis_pool import open_pool
from rtctl.client.run import Run
from rtctl.client.run_base import id_of
from rtctl.client.run_collector import RunCollector
from rtctl.client.run_pages import RunPages
from rtctl.client.run_submitter import RunSubmitter
from rtctl.core.check_argument import check_list, refuse_values
from rtctl.core.deadline import GRACE_S, PING_S
from rtctl.core.event_choice import request_of
from rtd.common.ids import new_id

TYPE_CHECKING = False
if TYPE_CHECKING:
    import os
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from types import TracebackType
    from typing import Any, Never, Unpack

    from rtctl.core.event_choice import EventChoice
    from rtctl.core.redis_options import RedisOptions
    from rtctl.generated.answers import InfoResult, PingResult
    from rtctl.generated.run_options import RunOptions
    from rtctl.generated.shapes import Event, Outcome, ParamRow, QueueRow, TaskRow
    from rtctl.generated.verbs import Verbs


class Client(RunCollector):
    """A daemon, as a blocking program uses it. Threads may share a client.

        with Client() as rt:
            run = rt.submit("report", day="2026-01-31")
            print(run.result(timeout=60))

    Args:
        address: path of the control socket; None: RTD_SOCKET, otherwise `rtd.sock` in
            RTD_RUNTIME_DIR or its default. Or the URL of the Redis that the workers share
            (`redis://host:6379/0`, `rediss://`, `unix://`): then no daemon is needed here.
        reconnect_s: how long a daemon that was there may be away (a restart) before a call
            fails.
        redis: with a URL: `name`, the workers' setting (also `?name=` in the URL); `session`, the
            app's own: a task that it declares is queued although no worker has ever run.

    Every method raises `DaemonUnreachable` when no daemon answers, and the daemon's own errors.
    All of them are `RtdError`.

    Attributes:
        rpc: the verbs of the protocol as methods.
    """

    def __init__(
        self,
        address: str | os.PathLike[str] | None = None,
        *,
        reconnect_s: float = 5.0,
        **redis: Unpack[RedisOptions],
    ) -> None:
        self._pool = open_pool(address, reconnect_s, redis)
        self._submitter = RunSubmitter(self._pool)
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
        """Close all connections. Runs continue; you can use the client again."""
        self._pool.close()
        self._submitter.close()

    def submit(self, task: str, /, *values: Never, **params: Any) -> Run:
        """Queue a run of a task with these parameters.

        Safe when the connection breaks: the client makes the run's id, so a request that is
        sent again makes no second run. For options use `task`.
        """
        refuse_values(values)
        return self.submit_with(task, params, {})

    def task(self, name: str, /, **options: Unpack[RunOptions]) -> BoundTask:
        """Return a task with options: `rt.task("report", timeout="10m").submit(day=...)`."""
        return BoundTask(self, name, options)

    def command(self, *argv: str, options: RunOptions | None = None, **how: Any) -> Run:
        """Queue a command: `rt.command("make", "-j2", cwd="/src", options={"timeout": "1h"})`.

        Args:
            how: cwd, env (variables on top of the daemon's; with user in place of them), user,
                stdin, umask.
        """
        return self.submit_with(
            "command", {"argv": list(argv), **how}, {} if options is None else options
        )

    def submit_with(self, task: str, params: Mapping[str, Any], options: Mapping[str, Any]) -> Run:
        """Queue a run as `submit` does, with the parameters and the options as maps."""
        run_id, created = self._submitter.submit(task, params, options)
        return Run(self, run_id, task, created)

    def submit_many(
        self,
        task: str,
        params: Iterable[Mapping[str, Any]],
        options: Mapping[str, Any] | None = None,
    ) -> list[Run]:
        """Queue many runs of one task, tens of thousands a second.

        The client sends them in chunks; the daemon accepts or refuses a chunk as a whole.

        Raises:
            RtdError: the sentence ends with how many runs were queued before.
        """
        created = self._submitter.submit_many(task, params, {} if options is None else options)
        return [Run(self, run_id, task, is_new) for run_id, is_new in created]

    def rpc_within(self, timeout: float | None) -> Verbs:
        """Return `rpc` whose answers must all come within so many seconds, and one more."""
        return self._pool.rpc_within(timeout, GRACE_S)

    def ls(
        self,
        task: str | None = None,
        state: str | Sequence[str] = (),
        queue: str | None = None,
        limit: int | None = 50,
    ) -> list[Run]:
        """Return runs, the running and the newest first; each has its `row`.

        Args:
            state: one or several of the states, or `failed`, `unsuccessful`, `ended`.
            limit: how many at most; None: all, but of more than 10,000 that wait the first.
        """
        if not isinstance(state, str):
            check_list("state", state, "a state or a list of states")
        states = [state] if isinstance(state, str) else list(state)
        pages = RunPages(limit)
        while True:
            size, start = pages.span
            answer = self.rpc.ls(task=task, state=states, queue=queue, limit=size, ended_from=start)
            if not pages.add(answer):
                return [Run(self, row["id"], row["task"]).learn(row) for row in pages.rows]

    def get(self, run: str) -> Run:
        """Return the run with this id, 4 or more characters of it, or its key."""
        row = self.rpc.show(run=run)["row"]
        return Run(self, row["id"], row["task"]).learn(row)

    def tasks(self) -> list[TaskRow]:
        """Return the tasks that can be submitted."""
        return self.rpc.tasks()["tasks"]

    def parameters(self, task: str | None = None) -> list[ParamRow]:
        """Return the parameters that tasks (or only this one) get besides those of a submit."""
        return self.rpc.params_ls(task=task)["params"]

    def queues(self) -> list[QueueRow]:
        """Return all queues that have ever been used."""
        return self.rpc.queue_ls()["queues"]

    def info(self) -> InfoResult:
        """Describe the daemon, its app, its Redis and its executors."""
        return self.rpc.info()

    def ping(self, timeout: float | None = PING_S) -> PingResult:
        """Check that the daemon answers within so many seconds. Raises WaitTimeout."""
        rpc = self._pool.rpc_within(timeout)
        return rpc.ping()

    def events(
        self,
        follow: bool = False,
        since: str | None = None,
        limit: int | None = None,
        **only: Unpack[EventChoice],
    ) -> Iterator[Event]:
        """Yield events, also of tasks: the last `limit`, or with `follow` those to come.

        Args:
            since: the `id` of an event; only those after it. The first after a gap has `gap` set.
            limit: at most so many; None: 100, and with `since` all that came after it.
            only: `task`, `run`, and `type`: a name of events, or several.
        """
        parts = self.rpc.events(follow=follow, since=since, limit=limit, **request_of(only))
        try:
            yield from parts
        finally:
            parts.close()

    def _run_of(self, run: Run | str) -> Run:
        return run if isinstance(run, Run) else Run(self, run, "")

    def kill(self, *runs: Run | str, grace: float | None = None, reason: str = "") -> list[Outcome]:
        """End runs and everything they started. Returns for each what was ended, or its error."""
        targets = [id_of(run) for run in runs]
        return self.rpc.kill(runs=targets, grace_s=grace, reason=reason)["runs"]

    def cancel(self, *runs: Run | str, reason: str = "") -> list[Outcome]:
        """Cancel runs that have not started. Returns for each its state, or its error."""
        return self.rpc.cancel(runs=[id_of(run) for run in runs], reason=reason)["runs"]

    def retry(self, run: Run | str) -> Run:
        """Submit an ended run once more, as a new run."""
        outcome = single_outcome(self.rpc.retry(runs=[id_of(run)], ids=[new_id()])["runs"])
        assert outcome["new"] is not None
        return self.get(outcome["new"])

    def set_parameter(self, name: str, value: Any, task: str | None = None) -> ParamRow:
        """Set a parameter that the app declares to another value, from the next run on: of a task,
        or (None) of the session. Raises RtdError: the app does not declare it.
        """
        return self.rpc.params_set(name=name, value=value, task=task)["param"]

    def unset_parameter(self, name: str, task: str | None = None) -> ParamRow:
        """Undo `set_parameter`: the value that the app declares holds again."""
        return self.rpc.params_unset(name=name, task=task)["param"]

    def pause_queue(self, *queues: str, reason: str = "") -> list[QueueRow]:
        """Pause these queues: they accept submits, but start no runs. Running runs continue."""
        return self.rpc.queue_pause(queues=list(queues), reason=reason)["queues"]

    def resume_queue(self, *queues: str) -> list[QueueRow]:
        """Start runs from these queues again."""
        return self.rpc.queue_resume(queues=list(queues))["queues"]

    def set_queue_priority(self, queue: str, priority: int) -> QueueRow:
        """Set which queue comes first: higher first, -100 to 100, before the runs' priorities."""
        return self.rpc.queue_priority(queues=[queue], priority=priority)["queues"][0]
