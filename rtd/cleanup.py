"""The task rtd/cleanup: it hands old runs to a function of yours, and removes their records.

An app declares it, and resumes it:

    session.add_task(Cleanup)
    session.start_local_task(Cleanup, task_handler="archive:store", keep="1 hour")
"""

import time
from collections.abc import Callable, Mapping
from typing import Any, Final

from rtctl import Client
from rtd.common.errors import AppError, RtdError
from rtd.common.format_units import format_count
from rtd.session.core.app_errors import Error, describe_error
from rtd.session.core.import_name import load_module
from rtd.session.tasks.loop_task import LoopTask

__all__ = ["Cleanup"]

#: Runs that are read at once.
_PAGE: Final = 100
#: Takes the id of a run and all that is known of it.
_Handler = Callable[[str, dict[str, Any]], object]


class Cleanup(LoopTask):
    """Removes the records of runs that ended long ago.

    Args:
        loop_interval: the time between two rounds: seconds, or text (`"1 minute"`).
        task_handler: `module:function`, called with the id of each run and a dict of what is known
            of it, before its record is removed. A run that it raises for is kept, and it is called
            again in the next round. None: records are only removed.
        keep: how long records of ended runs stay.
    """

    NAME = "rtd/cleanup"

    def __init__(
        self,
        loop_interval: float | str = 60,
        task_handler: str | None = None,
        keep: float | str = "1 day",
    ) -> None:
        super().__init__(loop_interval)
        self._keep_s = self.read_duration("keep", keep)
        self._handler = None if task_handler is None else _find_handler(task_handler)
        self._client = Client()
        #: Runs for which the handler has raised, as told.
        self._failed: set[str] = set()
        self._problem = ""

    def do_step(self) -> str:
        """Remove what is old by now."""
        try:
            found = self._remove(time.time() - self._keep_s)
        except RtdError as error:
            found = error.sentence
            if found != self._problem:
                print(found, flush=True)
            self._problem = found
        else:
            self._problem = ""
        return found

    def _remove(self, before_at: float) -> str:
        removed, kept = 0, dict[str, int]()
        more = True
        while more and not self.is_stopped():
            answer = self._client.rpc.ended(before=before_at, limit=_PAGE, skip=kept)
            rows, more = answer["runs"], answer["more"]
            for part in self._parts(rows):
                removed += self._remove_part(part, kept)
                if self.is_stopped():
                    break
        if removed:
            print(f"removed {format_count(removed, 'run')}", flush=True)
        left = sum(kept.values())
        return f"removed {format_count(removed, 'run')}" + (f", kept {left}" if left else "")

    def _parts(self, rows: list[Any]) -> list[list[Any]]:
        """Return what is removed at once: with a handler each run as soon as it has returned."""
        if self._handler is not None:
            return [[row] for row in rows]
        return [rows] if rows else []

    def _remove_part(self, rows: list[Any], kept: dict[str, int]) -> int:
        ready = [row for row in rows if self._is_handled(row)]
        outcomes = self._client.rpc.forget(runs=[row["id"] for row in ready])["runs"]
        bad = {
            row["id"]: outcome["error"][1]
            for row, outcome in zip(ready, outcomes, strict=True)
            if outcome["error"] is not None
        }
        gone = {row["id"] for row in ready} - bad.keys()
        for run, text in bad.items():
            self._tell_once(run, text)
        for row in rows:
            if row["id"] not in gone:
                kept[row["task"]] = kept.get(row["task"], 0) + 1
        self._failed -= gone
        return len(gone)

    def _is_handled(self, row: Mapping[str, Any]) -> bool:
        """Call the handler. Returns whether the record may go."""
        if self._handler is None:
            return True
        run, known = str(row["id"]), self._describe(row)
        try:
            self._handler(run, known)
        except Exception as error:  # of the app's code
            self._tell_once(run, f"the handler raised {describe_error(error)}")
            return False
        return True

    def _describe(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """Return all that is known of a run, as the handler gets it."""
        shown = self._client.rpc.show(run=row["id"])
        ended = self._client.rpc.result(run=row["id"])
        return {
            **row,
            **{name: shown[name] for name in ("params", "headers", "attempts", "submitted_by")},
            "result": ended["value"],
            "error": ended["error"],
        }

    def _tell_once(self, run: str, text: str) -> None:
        if run not in self._failed:
            self._failed.add(run)
            print(f"run {run} is kept: {text}", flush=True)
            self.emit("kept", {"run": run, "why": text})

    def end(self) -> None:
        """Close the client."""
        self._client.close()


def _find_handler(name: str) -> _Handler:
    """Return the function of that name. Raises Error: there is none."""
    where = f"{Cleanup.NAME}: task_handler {name!r}"
    module, colon, path = name.partition(":")
    if not (module and colon and path):
        raise Error(f"{where}: write it as 'module:function'")
    try:
        found: Any = load_module(module, where)
        for part in path.split("."):
            found = getattr(found, part)
    except AppError as error:
        raise Error(error.sentence) from None
    except AttributeError:
        raise Error(f"{where}: module {module!r} has no {path!r}") from None
    if not callable(found):
        raise Error(f"{where}: it is no function")
    handler: _Handler = found
    return handler
