"""The answer of each verb.

Made by `python -m tools.generate_client` from what `rtd/protocol` declares.
"""

from typing import Any, TypedDict

from rtctl.generated.shapes import (
    AttemptRow,
    FaultRow,
    GraphEdge,
    GraphNode,
    Hold,
    LaneRow,
    MissRow,
    Outcome,
    ParamRow,
    QueueRow,
    Row,
    ScheduleState,
    StaleLease,
    StartRow,
    SwitchRow,
    TaskRow,
)


class SubmitResult(TypedDict):
    """The answer of `submit`."""

    ids: list[str]
    """Of the runs, in order."""
    created: list[bool]
    """False: that run existed already."""
    shortcut: dict[str, Any] | None
    """How a client may queue more runs of the task in Redis, while the app stays the same."""


class LsResult(TypedDict):
    """The answer of `ls`."""

    runs: list[Row]
    """At most `limit`."""
    totals: dict[str, Any]
    """How many runs each state has, without the filter."""
    more: bool
    """There may be more runs than these."""
    next: int | None
    """For `ended_from`, to continue (a run may come twice); none: no more."""


class ShowResult(TypedDict):
    """The answer of `show`."""

    row: Row
    """As in ls."""
    params: Any
    """As submitted."""
    options: dict[str, Any]
    """The policies that this submit set."""
    headers: dict[str, Any]
    """As given at submit."""
    policies: dict[str, Any]
    """All policies in force that differ from the defaults."""
    node: str | None
    """If another node runs it now: that node."""
    waits: str
    """Why a queued run waits: one sentence; else empty."""
    submitted_by: str
    """Uid and pid of the client that submitted it."""
    retry_of: str | None
    """If `retry` made it: the run that it repeats."""
    attempts: list[AttemptRow]
    """The attempts that are over, the first one first."""
    pids: list[Any]
    """Processes that were ended: [pid, name, how]."""
    tree: list[Any]
    """While it runs: its processes, [pid, name, bytes, cpu_s]."""
    private: bool
    """Whether its task has private parameters."""


class LogsResult(TypedDict):
    """The answer of `logs`."""

    id: str
    """The run."""
    state: str
    """Its state when the output ended."""
    attempt: int
    """The last attempt shown."""
    output_bytes: int
    """How much was sent."""
    lost_bytes: int
    """How much had been dropped: disk full, limit, quota."""


class WaitResult(TypedDict):
    """The answer of `wait`."""

    runs: list[Row]
    """All of them, in order."""


class ResultResult(TypedDict):
    """The answer of `result`."""

    id: str
    """The run."""
    state: str
    """Its state; the other values have a meaning once it is terminal."""
    value: Any
    """What the task returned."""
    error: list[str] | None
    """[type, message, traceback] of the last attempt."""
    why: str | None
    """One sentence."""
    exit: list[int | None] | None
    """[code, signal]."""


class KillResult(TypedDict):
    """The answer of `kill`."""

    runs: list[Outcome]
    """One for each target, in their order."""


class ReloadRunResult(TypedDict):
    """The answer of `reload_run`."""

    id: str
    """The run."""
    attempt: int
    """The number of its next attempt."""


class CancelResult(TypedDict):
    """The answer of `cancel`."""

    runs: list[Outcome]
    """One for each target, in their order."""


class RetryResult(TypedDict):
    """The answer of `retry`."""

    runs: list[Outcome]
    """One for each target, in their order."""


class TasksResult(TypedDict):
    """The answer of `tasks`."""

    app: str | None
    """Where they come from."""
    app_error: str | None
    """Why the app does not import."""
    tasks: list[TaskRow]
    """By name."""


class NextResult(TypedDict):
    """The answer of `next`."""

    starts: list[StartRow]
    """The earliest first."""
    waiting: int
    """Tasks with a condition that only an event can make true."""
    waiters: list[str]
    """These tasks, by name."""
    behind: list[str]
    """Tasks that wait for the end of a run of their own, by name."""


class WhyResult(TypedDict):
    """The answer of `why`."""

    task: str
    """Its name."""
    condition: str | None
    """Under which it starts."""
    end_condition: str | None
    """Under which its runs are ended."""
    value: bool
    """The condition is true now."""
    tree: dict[str, Any] | None
    """Value, text, fact, next_change, children."""
    holds: list[Hold]
    """What else keeps it from starting."""
    next_at: float | None
    """When it starts next as far as time alone decides."""
    next_text: str
    """The same as a sentence."""
    timezone: str
    """Of the times of its condition."""
    last_failure: Row | None
    """Its latest run that ended without success."""
    last_miss: MissRow | None
    """The latest due moment at which it did not just start in time."""


class MissesResult(TypedDict):
    """The answer of `misses`."""

    misses: list[MissRow]
    """At most `limit`."""


class EnableResult(TypedDict):
    """The answer of `enable`."""

    tasks: list[SwitchRow]
    """As they are now."""


class DisableResult(TypedDict):
    """The answer of `disable`."""

    tasks: list[SwitchRow]
    """As they are now."""


class TriggerResult(TypedDict):
    """The answer of `trigger`."""

    id: str
    """Of the run."""


class GraphResult(TypedDict):
    """The answer of `graph`."""

    nodes: list[GraphNode]
    """The tasks, by name; then those that do not exist."""
    edges: list[GraphEdge]
    """By the names of their ends."""


class ParamsLsResult(TypedDict):
    """The answer of `params_ls`."""

    params: list[ParamRow]
    """The session's first, by name."""


class ParamsGetResult(TypedDict):
    """The answer of `params_get`."""

    param: ParamRow
    """As it is now."""


class ParamsSetResult(TypedDict):
    """The answer of `params_set`."""

    param: ParamRow
    """As it is now."""


class ParamsUnsetResult(TypedDict):
    """The answer of `params_unset`."""

    param: ParamRow
    """As it is now."""


class QueueLsResult(TypedDict):
    """The answer of `queue_ls`."""

    queues: list[QueueRow]
    """The highest priority first."""


class QueuePauseResult(TypedDict):
    """The answer of `queue_pause`."""

    queues: list[QueueRow]
    """As they are now."""


class QueueResumeResult(TypedDict):
    """The answer of `queue_resume`."""

    queues: list[QueueRow]
    """As they are now."""


class QueuePriorityResult(TypedDict):
    """The answer of `queue_priority`."""

    queues: list[QueueRow]
    """As they are now."""


class QueuePurgeResult(TypedDict):
    """The answer of `queue_purge`."""

    cancelled: int
    """How many."""


class EndedResult(TypedDict):
    """The answer of `ended`."""

    runs: list[Row]
    """At most `limit`."""
    more: bool
    """There may be more runs than these."""


class ForgetResult(TypedDict):
    """The answer of `forget`."""

    runs: list[Outcome]
    """One for each target, in their order."""


class LeasesResult(TypedDict):
    """The answer of `leases`."""

    leases: int
    """How many runs executors have, on all nodes."""
    stale: list[StaleLease]
    """Those whose executor is gone."""


class EventsResult(TypedDict):
    """The answer of `events`."""

    last: str | None
    """Id of the last event seen, for `since`."""
    trimmed: bool
    """Events after `since` were gone already."""


class CollectResult(TypedDict):
    """The answer of `collect`."""

    ended: int
    """How many runs were sent."""


class TaskLogResult(TypedDict):
    """The answer of `task_log`."""

    rows: list[Any]
    """Task_name, action, run_id, start_at, end_at, exc_text, reason; latest first."""
    file: str | None
    """The CSV file that holds the log instead."""


class StatusResult(TypedDict):
    """The answer of `status`."""

    version: str
    """Of rtd."""
    pid: int
    """The supervisor's."""
    name: str
    """The namespace in Redis."""
    node: str
    """This host among those that share it."""
    started_at: float
    """Epoch seconds."""
    draining: bool
    """It takes no new work and will end."""
    app: str | None
    """The APP of `rtd run`; null: commands only."""
    app_error: str | None
    """Why the app does not import, with file and line."""
    tasks: int
    """How many the app has."""
    redis: dict[str, Any]
    """Url, ok, error, server, version, program, pid, bytes."""
    lanes: list[LaneRow]
    """Those with executors, by name."""
    queued: int
    """Runs that wait, delayed ones included."""
    running: int
    """Runs that are going."""
    schedule: ScheduleState
    """Whether tasks start by their conditions."""
    faults: list[FaultRow]
    """Since the app was imported, the latest first."""


class InfoResult(TypedDict):
    """The answer of `info`."""

    version: str
    """Of rtd."""
    pid: int
    """The supervisor's."""
    name: str
    """The namespace in Redis."""
    node: str
    """This host among those that share it."""
    started_at: float
    """Epoch seconds."""
    draining: bool
    """It takes no new work and will end."""
    app: str | None
    """The APP of `rtd run`; null: commands only."""
    app_error: str | None
    """Why the app does not import, with file and line."""
    places: dict[str, Any]
    """Socket, runtime_dir, state_dir, log."""
    redis: dict[str, Any]
    """Url, address (a URL, no password), ok, error, server, version, program, pid, bytes."""
    channels: list[str]
    """Patterns of the channels of events in Redis."""
    executors: list[Any]
    """Maps: exec, pid, lane, run, started_at, retiring."""
    queued: int
    """Runs that wait, delayed ones included."""
    running: int
    """Runs that are going."""
    tally: dict[str, Any]
    """Ended runs by state, since the namespace exists."""
    output: dict[str, Any]
    """Bytes, quota_bytes, dir."""


class ReloadResult(TypedDict):
    """The answer of `reload`."""

    generation: int
    """The generation of the process that forks new executors."""
    tasks: int
    """How many the app has now."""
    added: list[str]
    """Tasks that are new."""
    changed: list[str]
    """Tasks whose declaration or function has changed."""
    removed: list[str]
    """Tasks that are gone."""
    faults: list[str]
    """What failed without stopping the import, a sentence each."""


class PingResult(TypedDict):
    """The answer of `ping`."""

    pid: int
    """The supervisor's."""
    at: float
    """The daemon's clock, epoch seconds."""


class ShutdownResult(TypedDict):
    """The answer of `shutdown`."""

    pid: int
    """The supervisor's."""
    running: int
    """Runs that are going now, without those of local tasks, which are stopped at once."""
    runs: list[Any]
    """The first of them: [id, task]."""
    grace_s: float
    """How long they may continue before they are stopped."""
