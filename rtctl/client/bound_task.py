"""A task with options. `rtctl/aio/bound_task.py` is made from this file (`make generate`)."""

from __future__ import annotations

from rtctl.core.check_argument import refuse_values

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any, Never, Protocol, Unpack

    from rtctl.client.run import Run
    from rtctl.generated.run_options import RunOptions

    class TaskSubmitter(Protocol):
        """The methods of a client that a bound task calls."""

        def submit_with(
            self, task: str, params: Mapping[str, Any], options: Mapping[str, Any]
        ) -> Run: ...
        def submit_many(
            self, task: str, params: Iterable[Mapping[str, Any]], options: Mapping[str, Any]
        ) -> list[Run]: ...


class BoundTask:
    """`rt.task("report", queue="slow")`: submits runs with these options.

    Immutable: `options` returns a new one, so a bound task may be kept and used again.
    """

    def __init__(self, submitter: TaskSubmitter, name: str, options: Mapping[str, Any]) -> None:
        self._submitter = submitter
        self._options = dict(options)
        self.name = name

    def __repr__(self) -> str:
        return f"<task {self.name} {self._options}>"

    def options(self, **options: Unpack[RunOptions]) -> BoundTask:
        """Return the same task with these options on top."""
        return BoundTask(self._submitter, self.name, {**self._options, **options})

    def submit(self, /, *values: Never, **params: Any) -> Run:
        """Queue a run with these parameters."""
        refuse_values(values)
        return self._submitter.submit_with(self.name, params, self._options)

    def submit_many(self, params: Iterable[Mapping[str, Any]]) -> list[Run]:
        """Queue a run for each of these parameters; see `Client.submit_many`."""
        return self._submitter.submit_many(self.name, params, self._options)
