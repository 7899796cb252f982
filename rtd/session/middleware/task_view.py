"""The run as middleware sees it: read-only, and cheap until it is read."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any, Final

from rtd.common.msgpack_values import unpack
from rtd.common.text_of import show_value
from rtd.model.manifest import TaskInfo
from rtd.model.policies import Policies
from rtd.model.run_record import HEADERS, RunSpec, unpack_spec

#: Where a stored attempt has its start and its end.
_STARTED, _ENDED = 1, 2
_RUNNING: Final = "running"


class AttemptEnd:
    """How an attempt ended, for its view.

    Args:
        state: `succeeded`, `error`, `exception`, `terminated`, `lost` or `cancelled`.
        why: one sentence; empty after a success.
        by: who or what ended it.
        will_retry: the run is tried again.
        is_final: it is in the record, and nothing can change it.
    """

    __slots__ = ("by", "is_final", "state", "why", "will_retry")

    def __init__(
        self, state: str, why: str, by: str, *, will_retry: bool, is_final: bool = False
    ) -> None:
        self.state = state
        self.why = why
        self.by = by
        self.will_retry = will_retry
        self.is_final = is_final


class TaskView:
    """One attempt of a run, given to `run_task` and `process_outcome`. `str(task)` is its name.

    Attributes:
        id: of the run.
        name: of the task. `func_name` is the same.
        kwargs: the parameters; after a loss or a kill those of the submit alone.
        args: always empty: rtd passes parameters by name.
        headers: of the submit. `meta` is the same.
        queue: where the run waited. `origin` is the same.
        lane: the lane of the executor.
        attempt: 1 for the first try.
        started_at, enqueued_at: epoch seconds.
        timeout: seconds that the run may take; None: no limit.
        state: `running` in `run_task`; how the attempt ended in `process_outcome`. `status` is
            the same.
        error: why it ended so, one sentence; None after a success.
        by: who or what ended it: `task`, `middleware`, `timeout`, `drain`, a user.
        will_retry: in `process_outcome`: the run is tried again.
        result: what the task returned. It may be set, and is the run's result then.
        aborted_runs: start and end of each earlier attempt, in epoch seconds.
    """

    name: str
    attempt: int
    started_at: float
    args: tuple[()]
    result: Any
    result_set: bool
    _info: TaskInfo
    _policies: Policies
    _spec_blob: bytes
    _attempts: Sequence[Sequence[Any]]
    _end: Callable[[], AttemptEnd | None]

    def __init__(
        self,
        info: TaskInfo,
        policies: Policies,
        spec_blob: bytes,
        attempts: Sequence[Sequence[Any]],
        attempt: int,
        started_at: float,
        end: Callable[[], AttemptEnd | None],
    ) -> None:
        """
        Args:
            spec_blob: as in the run's record.
            attempts: the stored fields of earlier attempts.
            end: returns how the attempt ended; None while it goes on.
        """
        fields = self.__dict__  # a view is made for each attempt: the quickest way
        fields["_info"] = info
        fields["_policies"] = policies
        fields["_spec_blob"] = spec_blob
        fields["_attempts"] = attempts
        fields["_end"] = end
        fields["name"] = info.name
        fields["attempt"] = attempt
        fields["started_at"] = started_at
        fields["args"] = ()
        fields["result"] = None
        fields["result_set"] = False

    @cached_property
    def _spec(self) -> RunSpec:
        return unpack_spec(self._spec_blob)

    @property
    def id(self) -> str:
        return self._spec.id

    @cached_property
    def kwargs(self) -> Mapping[str, Any]:
        params: Mapping[str, Any] = unpack(self._spec.params)
        return params

    @property
    def headers(self) -> Mapping[str, str]:
        return dict(self._spec.opts.get(HEADERS) or {})

    @property
    def queue(self) -> str:
        return self._spec.queue

    @property
    def lane(self) -> str:
        return self._info.lane

    @property
    def enqueued_at(self) -> float:
        return self._spec.submitted_at

    @property
    def timeout(self) -> float | None:
        return self._policies.timeout_s

    @property
    def state(self) -> str:
        end = self._end()
        return _RUNNING if end is None else end.state

    @property
    def error(self) -> str | None:
        end = self._end()
        return end.why or None if end is not None else None

    @property
    def by(self) -> str:
        end = self._end()
        return "" if end is None else end.by

    @property
    def will_retry(self) -> bool:
        end = self._end()
        return end is not None and end.will_retry

    @property
    def description(self) -> str:
        shown = ", ".join(f"{name}={show_value(value)}" for name, value in self.kwargs.items())
        return f"{self.name}({shown})"

    @property
    def aborted_runs(self) -> list[tuple[float, float]]:
        return [(one[_STARTED], one[_ENDED]) for one in self._attempts]

    func_name = property(lambda self: self.name)
    meta = property(lambda self: self.headers)
    origin = property(lambda self: self.queue)
    status = property(lambda self: self.state)

    def __str__(self) -> str:
        return str(self.name)

    def __repr__(self) -> str:
        return f"<task {self.name!r}, run {self.id}, attempt {self.attempt}>"

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(f"a middleware's task has no attribute {name!r}; see the guide")

    def __setattr__(self, name: str, value: Any) -> None:
        if name != "result":
            raise AttributeError(f"a middleware's task is read-only, but for its result: {name!r}")
        self.__dict__.update(result=value, result_set=True)
