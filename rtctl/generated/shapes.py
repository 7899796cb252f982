"""The maps that several answers share.

Made by `python -m tools.generate_client` from what `rtd/protocol` declares.
"""

from typing import Any, TypedDict


class Progress(TypedDict):
    """The last progress report of a run."""

    done: float
    """How much is done."""
    total: float | None
    """Of how much, if it is known."""
    text: str
    """In words; may be empty."""
    at: float
    """When it was reported, epoch seconds."""


class Row(TypedDict):
    """A run in a line, as `ls`, `wait` and `show` return it."""

    id: str
    """Its id, a ULID."""
    task: str
    """The name of its task; `command` for a shell command."""
    state: str
    """Queued, running, succeeded, error, exception, terminated, lost or cancelled."""
    queue: str
    """Where it waits or waited."""
    lane: str
    """Process, fresh, thread, main, async, greenlet or command."""
    priority: int
    """Within the queue, higher first."""
    text: str
    """The command line of a command, else its parameters in short."""
    labels: list[str]
    """As given at submit."""
    key: str | None
    """The user's own name of the run, if one was given."""
    submitted_at: float
    """Epoch seconds."""
    due_at: float | None
    """Of a delayed or retried run that waits: when it may start."""
    started_at: float | None
    """Of the latest attempt."""
    ended_at: float | None
    """When it got its final state."""
    attempt: int
    """Number of the latest attempt, 0 before the first."""
    attempts: int
    """How many it has at most, as far as is known."""
    by: str | None
    """Who or what ended it."""
    why: str | None
    """One sentence: the error, or the reason of the end."""
    progress: Progress | None
    """The last report of a run."""
    exit: list[int | None] | None
    """[code, signal] of a command, or of an executor that died."""
    cpu_s: float
    """CPU seconds of the latest attempt's process tree."""
    peak_bytes: int
    """Its peak resident memory."""
    pid: int | None
    """Of its executor, while it runs on this node."""


class AttemptRow(TypedDict):
    """One try of a run that is over."""

    number: int
    """1 is the first."""
    started_at: float
    """Epoch seconds."""
    ended_at: float
    """Epoch seconds."""
    state: str
    """How it ended."""
    executor: str
    """Id of the executor that ran it."""
    error: list[str] | None
    """[type, message, traceback]."""
    cpu_s: float
    """CPU seconds of its process tree."""
    peak_bytes: int
    """Peak resident memory of its process tree."""
    exit: list[int | None] | None
    """[code, signal]."""
    note: str | None
    """A further remark for people."""
    output_bytes: int
    """How much output is kept."""
    lost_bytes: int
    """How much output was dropped: disk full or over the limit."""
    node: str | None
    """If another node ran it: that node."""


class Outcome(TypedDict):
    """The outcome of a verb on several runs, for one of them."""

    run: str
    """The target as in the request."""
    id: str | None
    """The run's id, when the target named one."""
    state: str | None
    """Its state now."""
    pids: list[Any]
    """Kill: each process that was ended, [pid, name, how]."""
    new: str | None
    """Retry: the id of the run that was made."""
    error: list[Any] | None
    """[code, sentence] when it failed for this one."""


class QueueRow(TypedDict):
    """A queue that has ever been used."""

    queue: str
    """Its name."""
    priority: int
    """Among the queues, higher first."""
    paused: bool
    """Runs wait, none starts."""
    queued: int
    """How many wait, the delayed ones left out."""
    running: int
    """How many of its runs are running."""


class TaskRow(TypedDict):
    """A task of the app, or the built-in `command`."""

    name: str
    """Its name in a submit."""
    lane: str
    """Where its runs go."""
    fresh: bool
    """Each run has its own fork."""
    takes: str
    """Its parameters as text: `day, limit=...`."""
    parameters: list[Any]
    """[name, required] each."""
    any_parameters: bool
    """It takes further names, too."""
    policies: dict[str, Any]
    """What differs from the defaults."""
    doc: str
    """First line of its docstring."""
    source: str
    """File:line."""
    condition: str | None
    """Under which it starts by itself."""
    end_condition: str | None
    """Under which its runs are ended."""
    occasions: list[str]
    """`startup` and `shutdown` of the daemon, if it runs then and only then."""
    enabled: bool
    """It starts by its condition."""
    last_start_at: float | None
    """Of a task with a condition, epoch seconds."""
    last_end_at: float | None
    """Likewise."""
    last_end: str | None
    """Success, fail, terminate or inaction."""
    next_at: float | None
    """When time alone lets it start next."""
    behind: str | None
    """The run of its own that must end before it starts."""


class LogPart(TypedDict):
    """A stretch of a run's output, as it was written."""

    sub: int
    """Id of the request."""
    run: str
    """The run's id."""
    attempt: int
    """Which try wrote it."""
    stream: str
    """`out`, `err`, or `raw`: written by a subprocess."""
    at: float | None
    """When, epoch seconds; of raw output the next time known."""
    data: bytes
    """The bytes; a line may be split over several parts."""
    end: int
    """How many bytes of the attempt's output there are up to here."""


class EndedRun(TypedDict):
    """A run that has ended."""

    names: list[str]
    """The targets of the request that named it."""
    row: Row
    """As in ls."""
    result: dict[str, Any] | None
    """As the answer to `result`; none: it is large, or was not wanted."""


class EndedRuns(TypedDict):
    """Runs that have ended, in the order of their ends."""

    sub: int
    """Id of the request."""
    ended: list[EndedRun]
    """The runs."""


class Event(TypedDict):
    """Something that happened to a run or a queue, or an event that a task has emitted."""

    sub: int
    """Id of the request."""
    id: str
    """Its place in the streams, to continue from (`since`)."""
    at: float
    """Epoch seconds."""
    run: str | None
    """The run's id."""
    task: str | None
    """Its task."""
    event: str
    """Its name: queued, started, succeeded, ..., or of a task's own."""
    data: Any
    """What the task has emitted; of rtd's own events why, in words."""
    attempt: int | None
    """The run's attempt, where it is known."""
    gap: bool
    """Events between `since` and this one are gone: it came too late."""
    what: str
    """Submitted, finished, retry, ...; `emitted`: by a task."""
    state: str | None
    """The run's state after it."""
    detail: Any
    """Further facts."""


class SubmitOptions(TypedDict, total=False):
    """How runs are to be queued and watched."""

    queue: str
    """Where it waits (default: the task's)."""
    priority: int
    """-100 to 100, higher first."""
    timeout: str | float | None
    """Stop an attempt that runs longer (`10m`)."""
    stop_grace: str | float | None
    """Time from the request to stop until the kill."""
    retries: int
    """More attempts after a failed one."""
    backoff: str | float
    """Wait before the first retry, doubled for each further one."""
    backoff_cap: str | float
    """Longest wait between attempts."""
    jitter: float
    """The random share of the wait, 0 to 1."""
    retry_on: list[str]
    """Retry only these exceptions, `exit N`, `timeout`."""
    no_retry_on: list[str]
    """Never retry these exceptions."""
    on_lost: str
    """`fail` or `requeue` when its executor dies."""
    max_concurrency: int | None
    """The most runs of the task at once, on all nodes."""
    memory_limit: str | int | None
    """The most memory (RSS) of its process tree (`512M`)."""
    cpu_time_limit: str | float | None
    """The most CPU time of its process tree."""
    expires: str | float | None
    """Cancel it if it has not started after this time."""
    at: float | None
    """Start at this time, epoch seconds, not before."""
    delay: str | float | None
    """Start this long from now, not before."""
    labels: list[str]
    """Words of your own, shown by ls and show."""
    headers: dict[str, Any]
    """Texts that travel with the run, such as the id of a trace: at most 4 KiB."""


class ParamRow(TypedDict):
    """A parameter of the session or of a task."""

    name: str
    """As tasks name it."""
    task: str | None
    """The task that it belongs to; null: the session."""
    kind: str
    """What the app declared: value, function, return, arg or env."""
    value: Any
    """The value, where it is known before a run; `******` if private."""
    known: bool
    """`value` is the value."""
    private: bool
    """The value is never shown."""
    is_set: bool
    """Set at run time, in place of what the app declared."""
    note: str
    """Where the value comes from, if it is not a plain one."""


class StartRow(TypedDict):
    """A moment at which a task will start."""

    task: str
    """Its name."""
    at: float
    """Epoch seconds."""
    timezone: str
    """IANA name of the task's local time."""


class SwitchRow(TypedDict):
    """Whether a task starts by its condition; `*` stands for the whole schedule."""

    task: str
    """Its name."""
    enabled: bool
    """It does."""


class Hold(TypedDict):
    """Something that keeps a task from starting."""

    kind: str
    """One word: disabled, running, queue_paused, backoff, ...."""
    text: str
    """A sentence."""
    run: str | None
    """The run that holds it."""
    until: float | None
    """When it ends, where that is known."""


class MissRow(TypedDict):
    """A due moment that did not just start a run in time."""

    task: str
    """Whose."""
    due_at: float
    """When its condition came true, epoch seconds."""
    verdict: str
    """Late, skipped, missed or coalesced."""
    run: str | None
    """The run that it started, if any."""
    reason: str
    """Why."""
    timezone: str
    """IANA name of the task's local time."""


class GraphNode(TypedDict):
    """A task in the graph."""

    task: str
    """Its name."""
    missing: bool
    """A condition or a parameter names it, but it does not exist."""
    lane: str
    """Where its runs go."""
    condition: str | None
    """Under which it starts."""
    end_condition: str | None
    """Under which its runs are ended."""
    doc: str
    """The first line of its docstring."""


class GraphEdge(TypedDict):
    """A connection from a task to another."""

    source: str
    """From this task."""
    target: str
    """To this one."""
    kind: str
    """After (it starts it), asked, ends, or given (its result)."""
    text: str
    """The same in a few words."""


class StaleLease(TypedDict):
    """A run whose executor is gone and that is not settled yet."""

    run: str
    """Its id."""
    executor: str
    """The id of the executor that had it."""
    node: str | None
    """Where that was, if it is known."""
    why: str
    """What is gone, one sentence."""


class FaultRow(TypedDict):
    """A part of the app that failed without stopping anything."""

    kind: str
    """Condition, parameter, hook, loader, log, settings, task, timezone or rtd."""
    what: str
    """Its name within its kind."""
    message: str
    """The latest one, with file and line where they are known."""
    times: int
    """How often since the app was imported."""
    first_at: float
    """Epoch seconds."""
    last_at: float
    """Epoch seconds."""


class LaneRow(TypedDict):
    """An execution kind on this node."""

    lane: str
    """Its name."""
    executors: int
    """How many live."""
    running: int
    """Runs that are going in it."""
    queued: int
    """Runs that wait for one of its executors."""
    full: bool
    """None is idle, and it may have no more of them."""
    waiting: int
    """Runs of it that wait for other runs."""
    lent: int
    """Executors beyond its maximum, in the place of those that wait."""


class ScheduleState(TypedDict):
    """Whether tasks start by their conditions."""

    state: str
    """None, starting, going, paused, halted or ended."""
    why: str | None
    """What halted it, or what it waits for."""
    halted_at: float | None
    """When it was halted, epoch seconds."""
    tasks: int
    """How many have a condition."""
