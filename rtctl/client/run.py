"""A run as the client sees it."""

from __future__ import annotations

from rtctl.client.connection import ConnectionLost
from rtctl.client.errors import NotEnded, RunFailed, state_phrase
from rtctl.client.output_lines import Line, LineAssembler
from rtd.common.errors import RtdError, from_wire
from rtd.model.run_states import TERMINAL

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from rtctl.client.client import Client
    from rtctl.generated.shapes import Outcome, Progress, Row


class Run:
    """One run. Made by `Client`; cheap, and asks the daemon only when it is asked.

    `state`, `error` and `progress` are as of now until the run is over; what is over never
    changes and is not asked for again.

    Attributes:
        id: its id.
        task: the name of its task.
        created: false when a submit found that it existed already; None when it came from
            elsewhere.
    """

    __slots__ = ("_client", "_row", "created", "id", "task")

    def __init__(self, client: Client, run_id: str, task: str, created: bool | None = None) -> None:
        self._client = client
        self._row: Row | None = None
        self.id = run_id
        self.task = task
        self.created = created

    def __repr__(self) -> str:
        state = f" {self._row['state']}" if self._row else ""
        return f"<Run {self.id} {self.task}{state}>"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Run) and other.id == self.id

    def __hash__(self) -> int:
        return hash(self.id)

    def learn(self, row: Row) -> Run:
        """Take what the daemon said of it."""
        self._row = row
        self.id, self.task = row["id"], row["task"]
        return self

    def refresh(self) -> Run:
        """Ask the daemon for `row` anew, unless the run is over. Raises NoSuchRun."""
        if not self.ended:
            self.learn(self._client.rpc.show(run=self.id)["row"])
        return self

    @property
    def ended(self) -> bool:
        """Whether it is known to be over, without asking."""
        return self._row is not None and self._row["state"] in TERMINAL

    @property
    def row(self) -> Row:
        """What was last heard of it; asked for if nothing was."""
        if self._row is None:
            self.refresh()
        assert self._row is not None
        return self._row

    @property
    def state(self) -> str:
        """queued, running, succeeded, error, exception, terminated, lost or cancelled."""
        return self.refresh().row["state"]

    @property
    def progress(self) -> Progress | None:
        """What it last reported: done, total, text, at."""
        return self.refresh().row["progress"]

    @property
    def error(self) -> str | None:
        """One sentence: why it ended without success; None if it did not (yet)."""
        row = self.refresh().row
        if not self.ended or row["state"] == "succeeded":
            return None
        return row["why"] or state_phrase(row["state"])

    @property
    def result(self) -> Any:
        """What the task returned.

        Raises:
            NotEnded: it is not over; `wait` first.
            RunFailed: it ended without success; the sentence says why.
        """
        answer = self._client.rpc.result(run=self.id)
        if answer["state"] == "succeeded":
            return answer["value"]
        if answer["state"] in TERMINAL:
            raise RunFailed(self.id, answer)
        raise NotEnded(f"run {self.id} is {answer['state']}: it has no result yet; wait() first")

    def wait(self, timeout: float | None = None) -> Run:
        """Return when it is over, in whatever state.

        Args:
            timeout: seconds; None: for ever. Restarts of the daemon are waited out.

        Raises:
            WaitTimeout: it was not over by then. It goes on.
        """
        return self._client.wait([self], timeout=timeout)[0]

    def kill(self, grace: float | None = None, reason: str = "") -> list[tuple[int, str, str]]:
        """End it and everything it started. Returns when it is over.

        Args:
            grace: seconds from the request to stop to the kill; None: the task's stop_grace.
            reason: goes into the record.

        Returns:
            Each process that was ended: pid, name, how.
        """
        outcome = single_outcome(
            self._client.rpc.kill(runs=[self.id], grace_s=grace, reason=reason)["runs"]
        )
        return [(pid, name, how) for pid, name, how in outcome["pids"]]

    def cancel(self, reason: str = "") -> None:
        """Withdraw it before it starts. Raises WrongState when it is too late."""
        single_outcome(self._client.rpc.cancel(runs=[self.id], reason=reason)["runs"])

    def retry(self) -> Run:
        """Submit the same again: a new run. Raises WrongState when this one is not over."""
        return self._client.retry(self)

    def logs(
        self,
        follow: bool = False,
        stream: str | None = None,
        attempt: int | None = None,
        lines: int | None = None,
    ) -> Iterator[Line]:
        """Its output, line by line.

        Args:
            follow: go on until the run is over.
            stream: only `out` or `err`.
            attempt: which try; None: the latest.
            lines: only the last so many of what there is.
        """
        parts = self._client.rpc.logs(
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


def single_outcome(outcomes: list[Outcome]) -> Outcome:
    """The outcome of the one target that was asked for. Raises its error."""
    outcome = outcomes[0]
    if outcome["error"] is not None:
        raise error_of(outcome["error"])
    return outcome


def error_of(pair: list[Any]) -> RtdError:
    """The error in an outcome."""
    code, sentence = pair[:2]
    return from_wire(code, sentence)
