"""What becomes of a run whose executor has died: decided from evidence, without I/O."""

from dataclasses import dataclass
from typing import Any, Literal

from rtd.model.policies import MAX_LOSSES, Policies
from rtd.model.run_record import Attempt, End, Record, again, ended
from rtd.model.run_states import State
from rtd.process.fork.fork import FDS_CLOSED
from rtd.process.tree.terminate import FAULTS, signal_name
from rtd.supervisor.core.executor_registry import Gone
from rtd.supervisor.core.stop_request import Intent


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known of one run of a dead executor.

    Attributes:
        started_at: when it had started (epoch seconds), or when it was found if nobody knows
            whether it did; None: it certainly never did.
        ended_at: when the executor was found dead.
        intent: the stop that had been asked for, if any.
        output: where its output lies now, as records hold it.
    """

    gone: Gone
    started_at: float | None
    ended_at: float
    intent: Intent | None
    output: list[Any] | None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is written: `d` the run has ended, `h` it goes back to the head of its queue."""

    kind: Literal["d", "h"]
    record: Record
    what: str


def decide(record: Record, policies: Policies, evidence: Evidence) -> Verdict:
    """The verdict on one leased run.

    Never started: back to the head, or cancelled if a stop was asked for. Stopped by us:
    terminated, or back to the head if the stop says so. Lost: by the task's `on_lost`, at
    most `MAX_LOSSES` times.
    """
    intent = evidence.intent
    if evidence.started_at is None:
        if intent is None or intent.requeue:
            return Verdict("h", record, "requeued")
        end = End(evidence.ended_at, None, intent.by, intent.why, None)
        return Verdict("d", ended(record, State.CANCELLED, end), "cancelled")
    if intent is not None:
        return _stopped(record, evidence, intent)
    return _lost(record, policies, evidence)


def _stopped(record: Record, evidence: Evidence, intent: Intent) -> Verdict:
    note = intent.note or f"it did not end when asked; {how_it_ended(evidence.gone)}"
    attempt = _attempt(record, evidence, State.TERMINATED, note)
    if intent.requeue:
        return Verdict("h", again(record, attempt), "requeued")
    end = End(evidence.ended_at, None, intent.by, intent.why, evidence.gone.killed or None)
    return Verdict("d", ended(record, State.TERMINATED, end, attempt), "finished")


def _lost(record: Record, policies: Policies, evidence: Evidence) -> Verdict:
    sentence = how_it_ended(evidence.gone)
    attempt = _attempt(record, evidence, State.LOST, sentence)
    losses = 1 + sum(1 for earlier in record.attempts if earlier.state is State.LOST)
    if policies.on_lost == "requeue" and losses < MAX_LOSSES:
        return Verdict("h", again(record, attempt), "requeued")
    why = sentence
    if policies.on_lost == "requeue":
        why = f"{sentence}; it lost its executor {losses} times and is not tried again"
    end = End(evidence.ended_at, None, _culprit(evidence.gone), why, evidence.gone.killed or None)
    return Verdict("d", ended(record, State.LOST, end, attempt), "finished")


def _attempt(record: Record, evidence: Evidence, state: State, note: str | None) -> Attempt:
    gone = evidence.gone
    return Attempt(
        number=len(record.attempts) + 1,
        started_at=evidence.started_at or evidence.ended_at,
        ended_at=evidence.ended_at,
        state=state,
        executor=gone.exec_id,
        error=None,
        output=evidence.output,
        # An executor that carried out other runs before cannot say what this one used.
        cpu_s=0.0,
        peak_bytes=gone.max_rss_bytes,
        exit=[gone.code, gone.signal],
        note=note,
    )


def how_it_ended(gone: Gone) -> str:
    """One sentence on an executor's end, with its pid and its exit code or signal."""
    known = f"pid {gone.pid}" if gone.pid else "of an earlier boot or another runtime directory"
    who = f"its executor ({known})"
    if gone.signal is not None:
        name = signal_name(gone.signal)
        hint = ", perhaps by the kernel for want of memory" if _may_be_oom(gone) else ""
        return f"{who} was killed by {name}{hint}"
    if gone.code is not None:
        return f"{who} exited with code {gone.code}" + _in_mid_run(gone)
    return f"{who} is gone and nobody knows how it ended"


def _in_mid_run(gone: Gone) -> str:
    if not gone.runs:
        return ""
    if gone.code == FDS_CLOSED:
        return (
            " in mid-run, as it does when rtd's own file descriptors are closed in it: probably"
            " by a task (os.closerange, or what makes a daemon of its process)"
        )
    return " in mid-run"


def _may_be_oom(gone: Gone) -> bool:
    return gone.signal is not None and signal_name(gone.signal) == "SIGKILL" and not gone.killed


def _culprit(gone: Gone) -> str:
    if gone.signal is not None:
        name = signal_name(gone.signal)
        return "kernel" if name in FAULTS else name
    return "unknown" if gone.code is None else f"exit {gone.code}"
