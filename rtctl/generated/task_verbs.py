"""The verbs on tasks as methods.

Made by `python -m tools.generate_client` from what `rtd/protocol` declares.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from rtctl.core.call_protocols import Call, OpenStream
    from rtctl.generated.answers import (
        DisableResult,
        EnableResult,
        GraphResult,
        MissesResult,
        NextResult,
        ParamsGetResult,
        ParamsLsResult,
        ParamsSetResult,
        ParamsUnsetResult,
        TaskLogResult,
        TasksResult,
        TriggerResult,
        WhyResult,
    )


class TaskVerbs:
    """The verbs on tasks."""

    def __init__(self, call: Call, stream: OpenStream) -> None:
        self._call = call
        self._stream = stream

    def tasks(self, *, task: str | None = None) -> TasksResult:
        """The tasks of the app and what they take.

        Args:
            task: only this one.
        """
        answer: TasksResult = self._call("tasks", {"task": task})
        return answer

    def next(self, *, task: str | None = None, n: int = 10) -> NextResult:
        """When tasks start next, if nothing but time happens and each run ends at once.

        Args:
            task: only this one.
            n: how many starts, 1 to 1000.
        """
        answer: NextResult = self._call("next", {"task": task, "n": n})
        return answer

    def why(self, *, task: str) -> WhyResult:
        """Why a task starts or does not: its condition with the fact behind each part, everything
        else that holds it, and when it can start.

        Args:
            task: its name.
        """
        answer: WhyResult = self._call("why", {"task": task})
        return answer

    def misses(
        self, *, task: str | None = None, since: float | None = None, limit: int = 100
    ) -> MissesResult:
        """Due moments at which a task did not just start in time, and why; the latest first.

        Args:
            task: only this one's.
            since: only those due since, epoch seconds.
            limit: how many at most.
        """
        answer: MissesResult = self._call("misses", {"task": task, "since": since, "limit": limit})
        return answer

    def enable(self, *, tasks: list[str] | None = None, all: bool = False) -> EnableResult:
        """Let tasks start by their conditions again.

        Args:
            tasks: their names.
            all: instead: the whole schedule; each task keeps its own setting.
        """
        answer: EnableResult = self._call("enable", {"tasks": tasks or [], "all": all})
        return answer

    def disable(
        self, *, tasks: list[str] | None = None, all: bool = False, reason: str = ""
    ) -> DisableResult:
        """Let tasks start no more by their conditions; what runs goes on, and they can be
        submitted.

        Args:
            tasks: their names.
            all: instead: the whole schedule; each task keeps its own setting.
            reason: goes into the records.
        """
        answer: DisableResult = self._call(
            "disable", {"tasks": tasks or [], "all": all, "reason": reason}
        )
        return answer

    def trigger(self, *, task: str, params: dict[str, Any] | None = None) -> TriggerResult:
        """Start a task now, whatever its condition says. Refused while a run of it is going,
        unless it may overlap or has no start condition.

        Args:
            task: its name.
            params: the parameters of the run.
        """
        answer: TriggerResult = self._call(
            "trigger", {"task": task, "params": params or {}}, repeatable=False
        )
        return answer

    def graph(self, *, task: str | None = None) -> GraphResult:
        """Which task waits for which: by its conditions, and by results that are parameters.

        Args:
            task: only what leads to it or from it.
        """
        answer: GraphResult = self._call("graph", {"task": task})
        return answer

    def task_log(
        self,
        *,
        task: str | None = None,
        action: str | None = None,
        since: float | None = None,
        limit: int = 100,
        skip: int = 0,
    ) -> TaskLogResult:
        """What the app's task log holds, if it is kept in Redis; a log in a file is named, to be
        read there. Error `wrong_state` when the app keeps no log that can be read.

        Args:
            task: only this one's.
            action: only this action.
            since: only since then, epoch seconds.
            limit: 1 to 10000.
            skip: so many of the latest are left out.
        """
        answer: TaskLogResult = self._call(
            "task_log",
            {"task": task, "action": action, "since": since, "limit": limit, "skip": skip},
        )
        return answer

    def params_ls(self, *, task: str | None = None) -> ParamsLsResult:
        """The parameters of the session and of its tasks.

        Args:
            task: only what this task is given: its own, and those of the session that it names.
        """
        answer: ParamsLsResult = self._call("params_ls", {"task": task})
        return answer

    def params_get(self, *, name: str, task: str | None = None) -> ParamsGetResult:
        """One parameter.

        Args:
            name: of the parameter.
            task: whose own it is; null: the session's.
        """
        answer: ParamsGetResult = self._call("params_get", {"name": name, "task": task})
        return answer

    def params_set(self, *, name: str, value: Any, task: str | None = None) -> ParamsSetResult:
        """Give a parameter that the app declares another value, from the next run on. It is kept
        until `params_unset`, over restarts, too.

        Args:
            name: of the parameter.
            value: the value.
            task: whose own it is; null: the session's.
        """
        answer: ParamsSetResult = self._call(
            "params_set", {"name": name, "value": value, "task": task}
        )
        return answer

    def params_unset(self, *, name: str, task: str | None = None) -> ParamsUnsetResult:
        """Take back `params_set`: what the app declared holds again.

        Args:
            name: of the parameter.
            task: whose own it is; null: the session's.
        """
        answer: ParamsUnsetResult = self._call("params_unset", {"name": name, "task": task})
        return answer
