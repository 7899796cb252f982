"""Determines the outcome of a run whose executor has died: from evidence, without I/O."""

from dataclasses import dataclass
from random import random
from typing import Any, Literal

from rtd.common.format_units import format_count
from rtd.model.policies import MAX_LOSSES, Policies
from rtd.model.run_record import (
    Attempt,
    RunEnd,
    RunRecord,
    count_failures,
    with_end,
    with_params,
    with_retry,
)
from rtd.model.run_states import RunState
from rtd.process.fork.fork import EXIT_FDS_CLOSED
from rtd.process.tree.terminate import CRASH_SIGNALS, signal_name
from rtd.supervisor.core.executor_registry import ExecutorExit
from rtd.supervisor.core.stop_request import Intent


@dataclass(frozen=True, slots=True)
class Evidence:
    """The known facts of one run of a dead executor.

    Attributes:
        exit: the end of the executor.
        started_at: when the run started (epoch seconds), or when the executor was found dead if
            it is unknown whether the run did; None: it certainly never did.
        ended_at: when the executor was found dead.
        intent: the stop that was requested, if any.
        output: where the output lies now, as records hold it.
        node: the one that the executor was on.
    """

    exit: ExecutorExit
    started_at: float | None
    ended_at: float
    intent: Intent | None
    output: list[Any] | None
    node: str


@dataclass(frozen=True, slots=True)
class SettleDecision:
    """The new record of a run: `d` the run has ended, `h` it goes back to the head of its queue,
    `a` it is tried again.

    Attributes:
        what: the name of its event.
        why: what this says, if it is not how the run or its executor has ended.
        wait_s: seconds until it is tried again.
    """

    kind: Literal["d", "h", "a"]
    record: RunRecord
    what: str
    wait_s: float = 0.0
    why: str = ""

    @property
    def is_for_middleware(self) -> bool:
        """Whether the app's middleware must hear of the attempt that has ended."""
        is_known = self.record.state is not RunState.CANCELLED or bool(self.record.attempts)
        return self.kind != "h" and is_known


def determine_outcome(record: RunRecord, policies: Policies, evidence: Evidence) -> SettleDecision:
    """Return the outcome of one leased run.

    Never started: back to the head, or cancelled if a stop was requested. Stopped by rtd:
    terminated, or back to the head (of a reload with new parameters), or tried again if the stop
    says so. Lost: by the task's `on_lost`, at most `MAX_LOSSES` times.
    """
    intent = evidence.intent
    if evidence.started_at is None:
        if intent is None or intent.requeue or intent.reload_attempt:
            return SettleDecision("h", record, "requeued")
        end = RunEnd(evidence.ended_at, None, intent.by, intent.why, None)
        return SettleDecision("d", with_end(record, RunState.CANCELLED, end), "cancelled")
    if intent is not None:
        return _stopped(record, policies, evidence, intent)
    return _lost(record, policies, evidence)


def _stopped(
    record: RunRecord, policies: Policies, evidence: Evidence, intent: Intent
) -> SettleDecision:
    note = intent.note or f"it did not end when asked; {describe_exit(evidence.exit)}"
    attempt = _attempt(record, evidence, RunState.TERMINATED, note)
    if intent.requeue:
        return SettleDecision("h", with_retry(record, attempt), "requeued")
    if intent.reload_attempt:
        again = with_retry(record, attempt._replace(note=f"{intent.why}; {note}"))
        return SettleDecision("h", with_params(again, intent.params), "requeued", why=intent.why)
    if intent.retry_attempt:
        again = with_retry(record, attempt._replace(error=[intent.by, intent.why, ""]))
        failed = count_failures((a.state, a.error) for a in again.attempts)
        return SettleDecision("a", again, "retry", policies.next_wait_s(failed, random))
    end = RunEnd(evidence.ended_at, None, intent.by, intent.why, evidence.exit.killed or None)
    return SettleDecision("d", with_end(record, RunState.TERMINATED, end, attempt), "finished")


def _lost(record: RunRecord, policies: Policies, evidence: Evidence) -> SettleDecision:
    sentence = _describe_loss(evidence.exit)
    attempt = _attempt(record, evidence, RunState.LOST, sentence)
    losses = 1 + sum(1 for earlier in record.attempts if earlier.state is RunState.LOST)
    if policies.on_lost == "requeue" and losses < MAX_LOSSES:
        return SettleDecision("h", with_retry(record, attempt), "requeued")
    why = sentence
    if policies.on_lost == "requeue":
        times = format_count(losses, "time")
        why = f"{sentence}; it lost its executor {times} and is not tried again"
    end = RunEnd(
        evidence.ended_at, None, _culprit(evidence.exit), why, evidence.exit.killed or None
    )
    return SettleDecision("d", with_end(record, RunState.LOST, end, attempt), "finished")


def _attempt(record: RunRecord, evidence: Evidence, state: RunState, note: str | None) -> Attempt:
    executor_exit = evidence.exit
    return Attempt(
        number=len(record.attempts) + 1,
        started_at=evidence.started_at or evidence.ended_at,
        ended_at=evidence.ended_at,
        state=state,
        executor=executor_exit.exec_id,
        error=None,
        output=evidence.output,
        # The executor carried out other runs before: the share of this one is unknown.
        cpu_s=0.0,
        peak_bytes=executor_exit.max_rss_bytes,
        exit=[executor_exit.code, executor_exit.signal],
        note=note,
        node=evidence.node,
    )


def _describe_loss(executor_exit: ExecutorExit) -> str:
    """Return why a run is lost without a stop of its own."""
    if not executor_exit.why:
        return describe_exit(executor_exit)
    others = len(executor_exit.runs) - 1
    return (
        f"its executor (pid {executor_exit.pid}) was ended with"
        f" {format_count(others, 'other run')} in it: {executor_exit.why}"
    )


def describe_exit(executor_exit: ExecutorExit) -> str:
    """Return a sentence on the end of an executor, with its pid and its exit code or signal."""
    if executor_exit.dead_zygote:  # how the executor ended is rtd's own doing, or unknown
        return (
            f"the zygote (pid {executor_exit.dead_zygote}) died, and its executor"
            f" (pid {executor_exit.pid}) with it"
        )
    known = (
        f"pid {executor_exit.pid}"
        if executor_exit.pid
        else "of an earlier boot or another runtime directory"
    )
    name = f"its executor ({known})"
    if executor_exit.signal is not None:
        signal = signal_name(executor_exit.signal)
        hint = ", possibly by the kernel, out of memory" if _may_be_oom(executor_exit) else ""
        return f"{name} was killed by {signal}{hint}"
    if executor_exit.code is not None:
        return f"{name} exited with code {executor_exit.code}" + _in_mid_run(executor_exit)
    return f"{name} is gone and it is not known how it ended"


def _in_mid_run(executor_exit: ExecutorExit) -> str:
    if not executor_exit.runs:
        return ""
    if executor_exit.code == EXIT_FDS_CLOSED:
        return (
            " in mid-run, as it does when rtd's own file descriptors are closed in it: probably"
            " by a task (os.closerange, or what makes a daemon of its process)"
        )
    return " in mid-run"


def _may_be_oom(executor_exit: ExecutorExit) -> bool:
    return (
        executor_exit.signal is not None
        and signal_name(executor_exit.signal) == "SIGKILL"
        and not executor_exit.killed
    )


def _culprit(executor_exit: ExecutorExit) -> str:
    if executor_exit.dead_zygote:
        return "zygote"
    if executor_exit.why:
        return "rtd"
    if executor_exit.signal is not None:
        name = signal_name(executor_exit.signal)
        return "kernel" if name in CRASH_SIGNALS else name
    return "unknown" if executor_exit.code is None else f"exit {executor_exit.code}"
