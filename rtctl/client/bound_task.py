"""A task with options, ready to be submitted."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any, Unpack

    from rtctl.client.client import Client
    from rtctl.client.run import Run
    from rtctl.client.submit_options import RunOptions


class BoundTask:
    """`rt.task("report", queue="slow")`: submits runs with these options.

    Unchangeable: `options` gives another one, so one may be kept and used for ever.
    """

    def __init__(self, client: Client, name: str, options: Mapping[str, Any]) -> None:
        self._client = client
        self._options = dict(options)
        self.name = name

    def __repr__(self) -> str:
        return f"<task {self.name} {self._options}>"

    def options(self, **options: Unpack[RunOptions]) -> BoundTask:
        """The same task with these options on top."""
        return BoundTask(self._client, self.name, {**self._options, **options})

    def submit(self, /, **params: Any) -> Run:
        """Queue a run with these parameters."""
        return self._client.submit_with(self.name, params, self._options)

    def submit_many(self, params: Iterable[Mapping[str, Any]]) -> list[Run]:
        """Queue a run for each of these; see `Client.submit_many`."""
        return self._client.submit_many(self.name, params, self._options)
