"""The verbs of the protocol as methods.

Made by `python -m tools.generate_client` from what `rtd/protocol` declares.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from rtctl.core.call_protocols import Call, OpenStream, Stream
    from rtctl.generated.answers import (
        CancelResult,
        CollectResult,
        DisableResult,
        EnableResult,
        EndedResult,
        EventsResult,
        ForgetResult,
        GraphResult,
        InfoResult,
        KillResult,
        LeasesResult,
        LogsResult,
        LsResult,
        MissesResult,
        NextResult,
        ParamsGetResult,
        ParamsLsResult,
        ParamsSetResult,
        ParamsUnsetResult,
        PingResult,
        QueueLsResult,
        QueuePauseResult,
        QueuePriorityResult,
        QueuePurgeResult,
        QueueResumeResult,
        ReloadResult,
        ReloadRunResult,
        ResultResult,
        RetryResult,
        ShowResult,
        ShutdownResult,
        StatusResult,
        SubmitResult,
        TaskLogResult,
        TasksResult,
        TriggerResult,
        WaitResult,
        WhyResult,
    )
    from rtctl.generated.shapes import EndedRuns, Event, LogPart, SubmitOptions


class Verbs:
    """Each verb of the protocol as a method."""

    def __init__(self, call: Call, stream: OpenStream) -> None:
        self._call = call
        self._stream = stream

    def submit(
        self,
        *,
        task: str,
        params: dict[str, Any] | None = None,
        many: list[dict[str, Any]] | None = None,
        ids: list[str] | None = None,
        key: str | None = None,
        options: SubmitOptions | None = None,
        shortcut: bool = False,
    ) -> SubmitResult:
        """Queue one run, or many of one task. The ids come from the client, so that a request sent
        twice makes its runs once.

        Args:
            task: its name; `command` for a shell command.
            params: the parameters of one run.
            many: instead: the parameters of each run.
            ids: a ULID for each run; made by the daemon if absent.
            key: your own name of one run: the same key, the same run; error `conflict` if that
                one is of another task or has other parameters.
            options: how the runs are queued and watched; any policy of a task.
            shortcut: for clients: say how to queue further runs of this task.
        """
        request: dict[str, Any] = {"task": task}
        if params:
            request["params"] = params
        if many is not None:
            request["many"] = many
        if ids is not None:
            request["ids"] = ids
        if key is not None:
            request["key"] = key
        if options:
            request["options"] = options
        if shortcut:
            request["shortcut"] = shortcut
        answer: SubmitResult = self._call("submit", request)
        return answer

    def ls(
        self,
        *,
        task: str | None = None,
        state: list[str] | None = None,
        queue: str | None = None,
        labels: list[str] | None = None,
        limit: int = 50,
        since: float | None = None,
        until: float | None = None,
        ended_from: int | None = None,
    ) -> LsResult:
        """List runs: the running ones, then the queued, then the ended, the newest first.

        Args:
            task: only this task's.
            state: only in these; also `failed`, `unsuccessful`, `ended`.
            queue: only of this queue.
            labels: only those with all of these labels.
            limit: how many at most.
            since: only those that changed since, epoch seconds.
            until: only those that have not changed since then.
            ended_from: go on in the ended runs: `next` of an answer.
        """
        request: dict[str, Any] = {}
        if task is not None:
            request["task"] = task
        if state:
            request["state"] = state
        if queue is not None:
            request["queue"] = queue
        if labels:
            request["labels"] = labels
        if limit != 50:
            request["limit"] = limit
        if since is not None:
            request["since"] = since
        if until is not None:
            request["until"] = until
        if ended_from is not None:
            request["ended_from"] = ended_from
        answer: LsResult = self._call("ls", request)
        return answer

    def show(self, *, run: str) -> ShowResult:
        """Return everything that rtd knows of a run.

        Args:
            run: which run: an id, 4 or more characters of its start or end that fit one recent
                run, or a key.
        """
        answer: ShowResult = self._call("show", {"run": run})
        return answer

    def logs(
        self,
        *,
        run: str,
        attempt: int | None = None,
        follow: bool = False,
        lines: int | None = None,
        since: float | None = None,
        stream: str | None = None,
        after: list[int] | None = None,
    ) -> Stream[LogPart, LogsResult]:
        """Send the output of a run as `log` notifications; the answer follows the last one.

        Args:
            run: which run: an id, 4 or more characters of its start or end that fit one recent
                run, or a key.
            attempt: which try; default: the latest.
            follow: continue until the run ends, over further attempts.
            lines: only the last so many of the lines so far.
            since: only what was written since, epoch seconds.
            stream: only `out` or `err`.
            after: continue after this part: attempt, `end`.
        """
        request: dict[str, Any] = {"run": run}
        if attempt is not None:
            request["attempt"] = attempt
        if follow:
            request["follow"] = follow
        if lines is not None:
            request["lines"] = lines
        if since is not None:
            request["since"] = since
        if stream is not None:
            request["stream"] = stream
        if after is not None:
            request["after"] = after
        return self._stream("logs", request)

    def wait(
        self,
        *,
        runs: list[str],
        timeout_s: float | None = None,
        any: bool = False,
        waiter: str | None = None,
    ) -> WaitResult:
        """Answer when all of the runs (or any of them) have ended.

        Args:
            runs: which runs, each an id, 4 or more characters of its start or end that fit one
                recent run, or a key.
            timeout_s: after it: error `timeout`; the runs continue.
            any: one is enough.
            waiter: the run that waits, if one does.
        """
        request: dict[str, Any] = {"runs": runs}
        if timeout_s is not None:
            request["timeout_s"] = timeout_s
        if any:
            request["any"] = any
        if waiter is not None:
            request["waiter"] = waiter
        answer: WaitResult = self._call("wait", request)
        return answer

    def result(self, *, run: str) -> ResultResult:
        """Return the value that a run returned, or why there is none.

        Args:
            run: which run: an id, 4 or more characters of its start or end that fit one recent
                run, or a key.
        """
        answer: ResultResult = self._call("result", {"run": run})
        return answer

    def kill(
        self, *, runs: list[str], grace_s: float | None = None, reason: str = ""
    ) -> KillResult:
        """Stop runs: request it, wait the grace, then kill the whole process tree. A queued run is
        cancelled. Answers when they are over.

        Args:
            runs: which runs, each an id, 4 or more characters of its start or end that fit one
                recent run, or a key.
            grace_s: instead of the task's stop_grace; 0: kill at once.
            reason: goes into the records; at most 500 characters.
        """
        request: dict[str, Any] = {"runs": runs}
        if grace_s is not None:
            request["grace_s"] = grace_s
        if reason:
            request["reason"] = reason
        answer: KillResult = self._call("kill", request)
        return answer

    def reload_run(
        self,
        *,
        run: str,
        params: dict[str, Any] | None = None,
        grace_s: float | None = None,
        reason: str = "",
    ) -> ReloadRunResult:
        """End the attempt of a running run as `kill` does, and begin the next one at once, at the
        head of its queue. It is no failure and uses up no retry. Answers when the attempt is
        over.

        Args:
            run: which run: an id, 4 or more characters of its start or end that fit one recent
                run, or a key.
            params: new values of parameters; the others stay.
            grace_s: instead of the task's stop_grace; 0: kill at once.
            reason: goes into the records; at most 500 characters.
        """
        request: dict[str, Any] = {"run": run}
        if params:
            request["params"] = params
        if grace_s is not None:
            request["grace_s"] = grace_s
        if reason:
            request["reason"] = reason
        answer: ReloadRunResult = self._call("reload_run", request, repeatable=False)
        return answer

    def cancel(self, *, runs: list[str], reason: str = "") -> CancelResult:
        """Cancel runs that have not started. A running run is left alone (`wrong_state`).

        Args:
            runs: which runs, each an id, 4 or more characters of its start or end that fit one
                recent run, or a key.
            reason: goes into the records; at most 500 characters.
        """
        request: dict[str, Any] = {"runs": runs}
        if reason:
            request["reason"] = reason
        answer: CancelResult = self._call("cancel", request, repeatable=False)
        return answer

    def retry(self, *, runs: list[str], ids: list[str] | None = None) -> RetryResult:
        """Submit ended runs again, with the same parameters and options, as new runs: a run that
        has ended never changes.

        Args:
            runs: which runs, each an id, 4 or more characters of its start or end that fit one
                recent run, or a key.
            ids: a ULID for each new run: then to repeat is safe.
        """
        request: dict[str, Any] = {"runs": runs}
        if ids is not None:
            request["ids"] = ids
        answer: RetryResult = self._call("retry", request)
        return answer

    def tasks(self, *, task: str | None = None) -> TasksResult:
        """List the tasks of the app and their parameters.

        Args:
            task: only this one.
        """
        request: dict[str, Any] = {}
        if task is not None:
            request["task"] = task
        answer: TasksResult = self._call("tasks", request)
        return answer

    def next(self, *, task: str | None = None, n: int = 10, each: int | None = None) -> NextResult:
        """Return when tasks start next, if only time passes and each run ends at once.

        Args:
            task: only this one.
            n: how many starts, 1 to 1000.
            each: at most so many of one task, if there are several.
        """
        request: dict[str, Any] = {}
        if task is not None:
            request["task"] = task
        if n != 10:
            request["n"] = n
        if each is not None:
            request["each"] = each
        answer: NextResult = self._call("next", request)
        return answer

    def why(self, *, task: str) -> WhyResult:
        """Explain why a task starts or does not: its condition with the fact behind each part, all
        else that holds it, and when it can start.

        Args:
            task: its name.
        """
        answer: WhyResult = self._call("why", {"task": task})
        return answer

    def misses(
        self,
        *,
        task: str | None = None,
        since: float | None = None,
        until: float | None = None,
        limit: int = 100,
    ) -> MissesResult:
        """List scheduled starts that were late, skipped or missed, and why; the latest first.

        Args:
            task: only this one's.
            since: only those due since, epoch seconds.
            until: only those due until then, epoch seconds.
            limit: how many at most.
        """
        request: dict[str, Any] = {}
        if task is not None:
            request["task"] = task
        if since is not None:
            request["since"] = since
        if until is not None:
            request["until"] = until
        if limit != 100:
            request["limit"] = limit
        answer: MissesResult = self._call("misses", request)
        return answer

    def enable(self, *, tasks: list[str] | None = None, all: bool = False) -> EnableResult:
        """Schedule tasks again, by their conditions.

        Args:
            tasks: their names.
            all: instead: the whole schedule; each task keeps its own setting.
        """
        request: dict[str, Any] = {}
        if tasks:
            request["tasks"] = tasks
        if all:
            request["all"] = all
        answer: EnableResult = self._call("enable", request)
        return answer

    def disable(
        self, *, tasks: list[str] | None = None, all: bool = False, reason: str = ""
    ) -> DisableResult:
        """Stop scheduling tasks, also after a restart. Current runs continue, and the tasks can be
        submitted.

        Args:
            tasks: their names.
            all: instead: the whole schedule; each task keeps its own setting.
            reason: goes into the records; at most 500 characters.
        """
        request: dict[str, Any] = {}
        if tasks:
            request["tasks"] = tasks
        if all:
            request["all"] = all
        if reason:
            request["reason"] = reason
        answer: DisableResult = self._call("disable", request)
        return answer

    def trigger(self, *, task: str, params: dict[str, Any] | None = None) -> TriggerResult:
        """Start a task now, without regard to its condition. Refused while a run of the task is
        going, unless its runs may overlap or it has no start condition.

        Args:
            task: its name.
            params: the parameters of the run.
        """
        request: dict[str, Any] = {"task": task}
        if params:
            request["params"] = params
        answer: TriggerResult = self._call("trigger", request, repeatable=False)
        return answer

    def graph(self, *, task: str | None = None) -> GraphResult:
        """Return which task waits for which: by conditions, and by results that are parameters.

        Args:
            task: only tasks that lead to it or that it leads to.
        """
        request: dict[str, Any] = {}
        if task is not None:
            request["task"] = task
        answer: GraphResult = self._call("graph", request)
        return answer

    def params_ls(self, *, task: str | None = None) -> ParamsLsResult:
        """List the parameters of the session and of its tasks.

        Args:
            task: only those that this task gets: its own, and those of the session that it
                names.
        """
        request: dict[str, Any] = {}
        if task is not None:
            request["task"] = task
        answer: ParamsLsResult = self._call("params_ls", request)
        return answer

    def params_get(self, *, name: str, task: str | None = None) -> ParamsGetResult:
        """Return one parameter.

        Args:
            name: of the parameter.
            task: the task that it belongs to; null: the session.
        """
        request: dict[str, Any] = {"name": name}
        if task is not None:
            request["task"] = task
        answer: ParamsGetResult = self._call("params_get", request)
        return answer

    def params_set(self, *, name: str, value: Any, task: str | None = None) -> ParamsSetResult:
        """Set a parameter that the app declares to another value, from the next run on. The value
        holds until `params_unset`, also after restarts.

        Args:
            name: of the parameter.
            value: the value.
            task: the task that it belongs to; null: the session.
        """
        request: dict[str, Any] = {"name": name, "value": value}
        if task is not None:
            request["task"] = task
        answer: ParamsSetResult = self._call("params_set", request)
        return answer

    def params_unset(self, *, name: str, task: str | None = None) -> ParamsUnsetResult:
        """Undo `params_set`: the value that the app declares holds again.

        Args:
            name: of the parameter.
            task: the task that it belongs to; null: the session.
        """
        request: dict[str, Any] = {"name": name}
        if task is not None:
            request["task"] = task
        answer: ParamsUnsetResult = self._call("params_unset", request)
        return answer

    def queue_ls(self) -> QueueLsResult:
        """List all queues."""
        answer: QueueLsResult = self._call("queue_ls", {})
        return answer

    def queue_pause(self, *, queues: list[str], reason: str = "") -> QueuePauseResult:
        """Pause these queues: no more runs start from them. Running runs continue, and submits are
        accepted.

        Args:
            queues: their names; a new queue is created.
            reason: goes into the records; at most 500 characters.
        """
        request: dict[str, Any] = {"queues": queues}
        if reason:
            request["reason"] = reason
        answer: QueuePauseResult = self._call("queue_pause", request)
        return answer

    def queue_resume(self, *, queues: list[str]) -> QueueResumeResult:
        """Start runs from these queues again.

        Args:
            queues: their names; a new queue is created.
        """
        answer: QueueResumeResult = self._call("queue_resume", {"queues": queues})
        return answer

    def queue_priority(self, *, queues: list[str], priority: int) -> QueuePriorityResult:
        """Set the priority of these queues, also for the runs that wait in them. It counts before
        the priorities of the runs.

        Args:
            queues: their names; a new queue is created.
            priority: -100 to 100, higher first.
        """
        answer: QueuePriorityResult = self._call(
            "queue_priority", {"queues": queues, "priority": priority}
        )
        return answer

    def queue_purge(self, *, queue: str, reason: str = "") -> QueuePurgeResult:
        """Cancel all runs that wait in a queue.

        Args:
            queue: its name.
            reason: goes into the records; at most 500 characters.
        """
        request: dict[str, Any] = {"queue": queue}
        if reason:
            request["reason"] = reason
        answer: QueuePurgeResult = self._call("queue_purge", request)
        return answer

    def ended(
        self,
        *,
        before: float,
        task: str | None = None,
        limit: int = 100,
        skip: dict[str, Any] | None = None,
    ) -> EndedResult:
        """List ended runs by age: for each task the oldest first. For programs that do something
        with old runs before they forget them.

        Args:
            before: only those that ended before, epoch seconds.
            task: only this task's.
            limit: how many at most, up to 1,000.
            skip: how many of the oldest runs of a task are left out.
        """
        request: dict[str, Any] = {"before": before}
        if task is not None:
            request["task"] = task
        if limit != 100:
            request["limit"] = limit
        if skip:
            request["skip"] = skip
        answer: EndedResult = self._call("ended", request)
        return answer

    def forget(self, *, runs: list[str]) -> ForgetResult:
        """Remove the records of ended runs, before the retention does. Their output goes with the
        retention of output. A run that has not ended is left alone (`wrong_state`).

        Args:
            runs: which runs, each an id, 4 or more characters of its start or end that fit one
                recent run, or a key.
        """
        answer: ForgetResult = self._call("forget", {"runs": runs}, repeatable=False)
        return answer

    def leases(self, *, settle: bool = False) -> LeasesResult:
        """Count the leases of runs, and list the stale ones: the executor or its node is gone, and
        the run is not settled yet. rtd settles them by itself within seconds.

        Args:
            settle: look for dead executors now, instead of at the next time.
        """
        request: dict[str, Any] = {}
        if settle:
            request["settle"] = settle
        answer: LeasesResult = self._call("leases", request)
        return answer

    def events(
        self,
        *,
        follow: bool = False,
        since: str | None = None,
        limit: int | None = 100,
        task: str | None = None,
        run: str | None = None,
        type: list[str] | None = None,
    ) -> Stream[Event, EventsResult]:
        """Send the events of runs and queues, and those that tasks emit, as `event` notifications.
        Events of each of the two kinds come in their order, across the kinds by their time.

        Args:
            follow: continue until the client closes the connection.
            since: after this event's id; default: the last `limit`, or with `follow` from now.
            limit: how many past ones at most; null: 100, and with `since` all.
            task: only this task's.
            run: only this run's: an id, 4 or more characters of its start or end that fit one
                recent run, or a key.
            type: only events of these names: queued, started, succeeded, error, exception,
                terminated, lost, cancelled, retry, requeued, or of tasks' own.
        """
        request: dict[str, Any] = {}
        if follow:
            request["follow"] = follow
        if since is not None:
            request["since"] = since
        if limit != 100:
            request["limit"] = limit
        if task is not None:
            request["task"] = task
        if run is not None:
            request["run"] = run
        if type:
            request["type"] = type
        return self._stream("events", request)

    def collect(
        self, *, runs: list[str], values: bool = False, any: bool = False, waiter: str | None = None
    ) -> Stream[EndedRuns, CollectResult]:
        """Send each run as soon as it has ended, in `collect` notifications of several at a time;
        the first of them holds those that were over already, perhaps none. The answer comes
        when all have ended.

        Args:
            runs: which runs, each an id, 4 or more characters of its start or end that fit one
                recent run, or a key.
            values: send results with the runs, those that are not large.
            any: the caller needs only one of them.
            waiter: the run that waits, if one does.
        """
        request: dict[str, Any] = {"runs": runs}
        if values:
            request["values"] = values
        if any:
            request["any"] = any
        if waiter is not None:
            request["waiter"] = waiter
        return self._stream("collect", request)

    def task_log(
        self,
        *,
        task: str | None = None,
        action: str | None = None,
        since: float | None = None,
        until: float | None = None,
        limit: int = 100,
        skip: int = 0,
    ) -> TaskLogResult:
        """Return the entries of the app's task log if Redis holds it, or the file that holds them,
        to be read there. Error `wrong_state` when the app keeps no log that can be read.

        Args:
            task: only this one's.
            action: only this action.
            since: only since then, epoch seconds.
            until: only until then, epoch seconds.
            limit: 1 to 10000.
            skip: leave out so many of the latest.
        """
        request: dict[str, Any] = {}
        if task is not None:
            request["task"] = task
        if action is not None:
            request["action"] = action
        if since is not None:
            request["since"] = since
        if until is not None:
            request["until"] = until
        if limit != 100:
            request["limit"] = limit
        if skip:
            request["skip"] = skip
        answer: TaskLogResult = self._call("task_log", request)
        return answer

    def status(self) -> StatusResult:
        """Describe the state of the daemon, its app and its schedule, and the parts of the app
        that failed."""
        answer: StatusResult = self._call("status", {})
        return answer

    def info(self) -> InfoResult:
        """Describe the daemon, its app, its Redis and its executors."""
        answer: InfoResult = self._call("info", {})
        return answer

    def reload(self) -> ReloadResult:
        """Import the app again and serve it. Running runs stay with the code they began with.
        Answers when new runs get the new code; error `bad_app` with file and line when the app
        does not import: then the previous one stays in use."""
        answer: ReloadResult = self._call("reload", {})
        return answer

    def ping(self) -> PingResult:
        """Check that the daemon answers."""
        answer: PingResult = self._call("ping", {})
        return answer

    def shutdown(
        self, *, grace_s: float | None = None, keep_running: bool = False
    ) -> ShutdownResult:
        """End the daemon: take no more runs, let running runs finish within the grace, stop the
        rest. Answers at once; the daemon closes the connection when it has ended.

        Args:
            grace_s: how long runs have to finish; default: the daemon's stop_grace.
            keep_running: stop only the supervisor; runs continue and the next one adopts them.
        """
        request: dict[str, Any] = {}
        if grace_s is not None:
            request["grace_s"] = grace_s
        if keep_running:
            request["keep_running"] = keep_running
        answer: ShutdownResult = self._call("shutdown", request, repeatable=False)
        return answer
