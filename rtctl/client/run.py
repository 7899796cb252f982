"""A run as the client sees it. `rtctl/aio/run.py` is made from this file (`make generate`)."""

from __future__ import annotations

from time import monotonic

from rtctl.client.connection import ConnectionLost
from rtctl.client.errors import RunFailed, single_outcome
from rtctl.client.output_lines import Line, LineAssembler
from rtctl.client.run_base import RunBase, dict_of, error_of
from rtctl.core.deadline import left_of
from rtd.model.run_states import TERMINAL

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any, Protocol

    from rtctl.generated.shapes import Progress, Row
    from rtctl.generated.verbs import Verbs

    class RunSource(Protocol):
        """The parts of a client that a run uses."""

        @property
        def rpc(self) -> Verbs: ...
        def rpc_within(self, timeout: float | None) -> Verbs: ...
        def wait(self, runs: Run, timeout: float | None = None) -> list[Run]: ...
        def retry(self, run: Run | str) -> Run: ...


class Run(RunBase):
    """One run. Made by `Client`. Cheap: it calls the daemon only when one of its values is read.

    `state`, `error` and `progress` are as of now until the run has ended. An ended run never
    changes, so the daemon is not called again.
    """

    __slots__ = ("_source",)

    def __init__(
        self, source: RunSource, run_id: str, task: str, created: bool | None = None
    ) -> None:
        super().__init__(run_id, task, created)
        self._source = source

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Run) and other.id == self.id

    def __hash__(self) -> int:
        return hash(self.id)

    @property
    def rpc(self) -> Verbs:
        """The verbs of the protocol as methods, as in the client that the run is from."""
        return self._source.rpc

    def refresh(self) -> Run:
        """Read `row` from the daemon again, unless the run has ended. Raises NoSuchRun."""
        if not self.ended:
            self.learn(self._source.rpc.show(run=self.id)["row"])
        return self

    @property
    def row(self) -> Row:
        """The row of the run as last read from the daemon; the first use reads it."""
        return self._row or self._row_now()

    def _row_now(self) -> Row:
        self.refresh()
        assert self._row is not None
        return self._row

    @property
    def state(self) -> str:
        """queued, running, succeeded, error, exception, terminated, lost or cancelled."""
        return self._row_now()["state"]

    @property
    def progress(self) -> Progress | None:
        """The last report of the run: done, total, text, at."""
        return self._row_now()["progress"]

    @property
    def error(self) -> str | None:
        """One sentence: why the run ended without success; None if it did not (yet)."""
        return error_of(self._row_now())

    def to_dict(self) -> dict[str, Any]:
        """Return the run as values that JSON can hold, as of now.

        Returns:
            id, key, task, state, ended, attempt, progress (None, or a map of done, total, text),
            result (None until the run has succeeded), error (None, or why it ended without
            success); submitted_at, started_at, ended_at: RFC 3339 in UTC, or None. Of values that
            JSON does not know the result has the nearest ones, as `rtctl -o json`.
        """
        row = self._row_now()
        result = self.result(0) if row["state"] == "succeeded" else None
        return dict_of(row, result)

    def result(self, timeout: float | None = None) -> Any:
        """Wait until the run has ended, and return the value that the task returned.

        Args:
            timeout: seconds; None: no limit; 0: do not wait.

        Raises:
            WaitTimeout: the run had not ended by then. It continues.
            RunFailed: the run ended without success; the sentence says why.
        """
        answer = self._answer
        if answer is None:
            rpc = self._source.rpc_within(timeout)
            began = monotonic()
            answer = rpc.result(run=self.id)
            if answer["state"] not in TERMINAL:
                self.wait(left_of(timeout, began))
                answer = rpc.result(run=self.id)
        if answer["state"] == "succeeded":
            return answer["value"]
        raise RunFailed(self.id, answer)

    def wait(self, timeout: float | None = None) -> Run:
        """Wait until the run has ended, in any state.

        Args:
            timeout: seconds; None: no limit. The wait continues over restarts of the daemon.

        Raises:
            WaitTimeout: the run had not ended by then. It continues.
        """
        self._source.wait(self, timeout=timeout)
        return self

    def kill(self, grace: float | None = None, reason: str = "") -> list[tuple[int, str, str]]:
        """End the run and everything that it started. Returns when it has ended.

        Args:
            grace: seconds from the request to stop to the kill; None: the task's stop_grace.
            reason: goes into the record.

        Returns:
            Each process that was ended: pid, name, how.
        """
        answer = self._source.rpc.kill(runs=[self.id], grace_s=grace, reason=reason)
        return [(pid, name, how) for pid, name, how in single_outcome(answer["runs"])["pids"]]

    def reload(self, /, **params: Any) -> Run:
        """Stop the current attempt and start the same run again at once, with these values instead
        of the earlier ones. Returns when the attempt has ended.

        It uses up no retry. For a grace or a reason use `rpc.reload_run` of the client.

        Raises:
            WrongState: the run has not started, or has ended.
            ParameterError: the task has no such parameter; nothing was stopped.
        """
        self._source.rpc.reload_run(run=self.id, params=params)
        return self

    def cancel(self, reason: str = "") -> None:
        """Cancel the run before it starts. Raises WrongState if it has started."""
        single_outcome(self._source.rpc.cancel(runs=[self.id], reason=reason)["runs"])

    def retry(self) -> Run:
        """Submit the same again, as a new run. Raises WrongState if this one has not ended."""
        return self._source.retry(self)

    def logs(
        self,
        follow: bool = False,
        stream: str | None = None,
        attempt: int | None = None,
        lines: int | None = None,
    ) -> Iterator[Line]:
        """Yield the output of the run, line by line.

        Args:
            follow: continue until the run has ended.
            stream: only `out` or `err`.
            attempt: which try; None: the latest.
            lines: only this number of lines, the last ones.
        """
        parts = self._source.rpc.logs(
            run=self.id, follow=follow, stream=stream, attempt=attempt, lines=lines
        )
        assembler = LineAssembler()
        try:
            for part in parts:
                yield from assembler.feed(part)
        except ConnectionLost:
            yield from assembler.finish()
            raise
        finally:
            parts.close()
        yield from assembler.finish()
