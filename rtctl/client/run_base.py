"""The part of a run that is known without calling the daemon."""

from __future__ import annotations

from rtctl.client.errors import state_phrase
from rtd.common.errors import BadRequest
from rtd.common.text_of import show_value
from rtd.model.run_states import TERMINAL

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Self

    from rtctl.generated.answers import ResultResult
    from rtctl.generated.shapes import Row


class RunBase:
    """A run as the daemon last described it: the base of `Run` and `AsyncRun`.

    Attributes:
        id: the id of the run.
        task: the name of its task.
        created: false when a submit found that the run existed already; None when the run does
            not come from a submit.
    """

    __slots__ = ("_answer", "_row", "created", "id", "task")

    def __init__(self, run_id: str, task: str, created: bool | None = None) -> None:
        self._row: Row | None = None
        #: Its result, if that came with its end.
        self._answer: ResultResult | None = None
        self.id = run_id
        self.task = task
        self.created = created

    def __repr__(self) -> str:
        state = f" {self._row['state']}" if self._row else ""
        return f"<{type(self).__name__} {self.id} {self.task}{state}>"

    def __getattr__(self, name: str) -> Any:
        from rtd.model.words.other_options import RUN_WORDS  # lazy: only a mistake needs it

        hint = f"; use {RUN_WORDS[name]}" if name in RUN_WORDS else ""
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}{hint}")

    def learn(self, row: Row, result: ResultResult | None = None) -> Self:
        """Take over what the daemon says of this run."""
        self._row = row
        self._answer = result or self._answer
        self.id, self.task = row["id"], row["task"]
        return self

    @property
    def row(self) -> Row | None:
        """The row of the run as last read from the daemon, or None."""
        return self._row

    @property
    def ended(self) -> bool:
        """Whether the run is known to be over. Does not call the daemon."""
        return self._row is not None and self._row["state"] in TERMINAL

    @property
    def ok(self) -> bool:
        """Whether the run is known to be over, and has succeeded. Does not call the daemon: after
        `wait`, `result` or `as_completed` it is known."""
        return self._row is not None and self._row["state"] == "succeeded"

    @property
    def is_known(self) -> bool:
        """Whether the run has ended and its result is here, so that nothing needs a request."""
        return self._answer is not None and self.ended

    @property
    def ended_at(self) -> float:
        """When the run ended, epoch seconds; 0: that is not known."""
        return (self._row["ended_at"] or 0.0) if self._row is not None else 0.0


def dict_of(row: Row, result: Any) -> dict[str, Any]:
    """Return what `Run.to_dict` returns."""
    from rtctl.core.json_values import json_value, rfc3339  # lazy: json costs 7 ms

    progress, state = row["progress"], row["state"]
    return {
        "id": row["id"],
        "key": row["key"],
        "task": row["task"],
        "state": state,
        "ended": state in TERMINAL,
        "attempt": row["attempt"],
        "progress": progress and {n: v for n, v in progress.items() if n != "at"},
        "result": json_value(result),
        "error": error_of(row),
        "submitted_at": rfc3339(row["submitted_at"]),
        "started_at": None if row["started_at"] is None else rfc3339(row["started_at"]),
        "ended_at": None if row["ended_at"] is None else rfc3339(row["ended_at"]),
    }


def error_of(row: Row) -> str | None:
    """Return why a run ended without success; None if it did not (yet)."""
    if row["state"] not in TERMINAL or row["state"] == "succeeded":
        return None
    return row["why"] or state_phrase(row["state"])


def list_runs(runs: Any) -> list[Any]:
    """Return the runs of a list, or the single run, each a run or a text that names one. Raises
    BadRequest."""
    single = isinstance(runs, str | RunBase) or not hasattr(runs, "__iter__")
    found = [runs] if single else list(runs)  # an iterator can be read once
    for run in found:
        id_of(run)
    return found


def id_of(run: RunBase | str) -> str:
    """Return the id of a run, or the text that stands for one. Raises BadRequest: it is neither."""
    if isinstance(run, str):
        return run
    if not isinstance(run, RunBase):
        raise BadRequest(
            f"{show_value(run)} is no run: name it by its id, or give what submit returns"
        )
    return run.id
