"""The maps that several verbs share."""

from collections.abc import Iterator
from typing import Final

from rtd.model.policies import POLICY_OPTIONS
from rtd.model.run_record import Attempt
from rtd.protocol.daemon_verbs import DAEMON_SHAPES
from rtd.protocol.parameter_verbs import PARAM
from rtd.protocol.record_verbs import STALE_LEASE
from rtd.protocol.schedule_shapes import SCHEDULE_SHAPES
from rtd.protocol.schema import Field, Shape


def _described_fields(record: type) -> Iterator[Field]:
    """Yield the fields of a stored record whose type has a text."""
    for name, kind in record.__annotations__.items():
        if hasattr(kind, "__metadata__"):  # it is Annotated
            plain = kind.__origin__
            wire_type = str(plain)  # of a union; from Python 3.14 on it has a name, too
            if isinstance(plain, type):
                wire_type = "str" if issubclass(plain, str) else plain.__name__
            yield Field(name, wire_type, *kind.__metadata__)


ROW: Final = Shape(
    "Row",
    "A run in a line, as `ls`, `wait` and `show` return it.",
    (
        Field("id", "str", "its id, a ULID"),
        Field("task", "str", "the name of its task; `command` for a shell command"),
        Field("state", "str", "queued, running, succeeded, error, exception, terminated, lost "
              "or cancelled"),
        Field("queue", "str", "where it waits or waited"),
        Field("lane", "str", "process, fresh, thread, main, async, greenlet or command"),
        Field("priority", "int", "within the queue, higher first"),
        Field("text", "str", "the command line of a command, else its parameters in short"),
        Field("labels", "list[str]", "as given at submit"),
        Field("key", "str | None", "the user's own name of the run, if one was given"),
        Field("submitted_at", "float", "epoch seconds"),
        Field("due_at", "float | None", "of a delayed or retried run that waits: when it may "
              "start"),
        Field("started_at", "float | None", "of the latest attempt"),
        Field("ended_at", "float | None", "when it got its final state"),
        Field("attempt", "int", "number of the latest attempt, 0 before the first"),
        Field("attempts", "int", "how many it has at most, as far as is known"),
        Field("by", "str | None", "who or what ended it"),
        Field("why", "str | None", "one sentence: the error, or the reason of the end"),
        Field("progress", "Progress | None", "the last report of a run"),
        Field("exit", "list[int | None] | None", "[code, signal] of a command, or of an "
              "executor that died"),
        Field("cpu_s", "float", "CPU seconds of the latest attempt's process tree"),
        Field("peak_bytes", "int", "its peak resident memory"),
        Field("pid", "int | None", "of its executor, while it runs on this node"),
    ),
)  # fmt: skip

PROGRESS: Final = Shape(
    "Progress",
    "The last progress report of a run.",
    (
        Field("done", "float", "how much is done"),
        Field("total", "float | None", "of how much, if it is known"),
        Field("text", "str", "in words; may be empty"),
        Field("at", "float", "when it was reported, epoch seconds"),
    ),
)

ATTEMPT: Final = Shape(
    "AttemptRow",
    "One try of a run that is over.",
    (
        *_described_fields(Attempt),
        Field("output_bytes", "int", "how much output is kept"),
        Field("lost_bytes", "int", "how much output was dropped: disk full or over the limit"),
        Field("node", "str | None", "if another node ran it: that node"),
    ),
)

OUTCOME: Final = Shape(
    "Outcome",
    "The outcome of a verb on several runs, for one of them.",
    (
        Field("run", "str", "the target as in the request"),
        Field("id", "str | None", "the run's id, when the target named one"),
        Field("state", "str | None", "its state now"),
        Field("pids", "list[Any]", "kill: each process that was ended, [pid, name, how]"),
        Field("new", "str | None", "retry: the id of the run that was made"),
        Field("error", "list[Any] | None", "[code, sentence] when it failed for this one"),
    ),
)

QUEUE: Final = Shape(
    "QueueRow",
    "A queue that has ever been used.",
    (
        Field("queue", "str", "its name"),
        Field("priority", "int", "among the queues, higher first"),
        Field("paused", "bool", "runs wait, none starts"),
        Field("queued", "int", "how many wait, the delayed ones left out"),
        Field("running", "int", "how many of its runs are running"),
    ),
)

TASK: Final = Shape(
    "TaskRow",
    "A task of the app, or the built-in `command`.",
    (
        Field("name", "str", "its name in a submit"),
        Field("lane", "str", "where its runs go"),
        Field("fresh", "bool", "each run has its own fork"),
        Field("takes", "str", "its parameters as text: `day, limit=...`"),
        Field("parameters", "list[Any]", "[name, required] each"),
        Field("any_parameters", "bool", "it takes further names, too"),
        Field("policies", "dict[str, Any]", "what differs from the defaults"),
        Field("doc", "str", "first line of its docstring"),
        Field("source", "str", "file:line"),
        Field("condition", "str | None", "under which it starts by itself"),
        Field("end_condition", "str | None", "under which its runs are ended"),
        Field(
            "occasions",
            "list[str]",
            "`startup` and `shutdown` of the daemon, if it runs then and only then",
        ),
        Field("enabled", "bool", "it starts by its condition"),
        Field("last_start_at", "float | None", "of a task with a condition, epoch seconds"),
        Field("last_end_at", "float | None", "likewise"),
        Field("last_end", "str | None", "success, fail, terminate or inaction"),
        Field("next_at", "float | None", "when time alone lets it start next"),
        Field("behind", "str | None", "the run of its own that must end before it starts"),
    ),
)

LOG: Final = Shape(
    "LogPart",
    "A stretch of a run's output, as it was written.",
    (
        Field("sub", "int", "id of the request"),
        Field("run", "str", "the run's id"),
        Field("attempt", "int", "which try wrote it"),
        Field("stream", "str", "`out`, `err`, or `raw`: written by a subprocess"),
        Field("at", "float | None", "when, epoch seconds; of raw output the next time known"),
        Field("data", "bytes", "the bytes; a line may be split over several parts"),
        Field("end", "int", "how many bytes of the attempt's output there are up to here"),
    ),
)

ENDED_RUNS: Final = Shape(
    "EndedRuns",
    "Runs that have ended, in the order of their ends.",
    (
        Field("sub", "int", "id of the request"),
        Field("ended", "list[EndedRun]", "the runs"),
    ),
)

ENDED_RUN: Final = Shape(
    "EndedRun",
    "A run that has ended.",
    (
        Field("names", "list[str]", "the targets of the request that named it"),
        Field("row", "Row", "as in ls"),
        Field("result", "dict[str, Any] | None", "as the answer to `result`; none: it is large, or "
              "was not wanted"),
    ),
)  # fmt: skip

EVENT: Final = Shape(
    "Event",
    "Something that happened to a run or a queue, or an event that a task has emitted.",
    (
        Field("sub", "int", "id of the request"),
        Field("id", "str", "its place in the streams, to continue from (`since`)"),
        Field("at", "float", "epoch seconds"),
        Field("run", "str | None", "the run's id"),
        Field("task", "str | None", "its task"),
        Field("event", "str", "its name: queued, started, succeeded, ..., or of a task's own"),
        Field("data", "Any", "what the task has emitted; of rtd's own events why, in words"),
        Field("attempt", "int | None", "the run's attempt, where it is known"),
        Field("gap", "bool", "events between `since` and this one are gone: it came too late"),
        Field("what", "str", "submitted, finished, retry, ...; `emitted`: by a task"),
        Field("state", "str | None", "the run's state after it"),
        Field("detail", "Any", "further facts"),
    ),
)

#: The types of `rtd.model.policies.PolicyOption.kind` on the wire; allowed words are texts.
_WIRE_TYPES: Final = {
    "text": "str",
    "int": "int",
    "share": "float",
    "duration": "str | float",
    "size": "str | int",
    "names": "list[str]",
}


def _wire_type(kind: str) -> str:
    plain = kind.removesuffix(" | None")
    return _WIRE_TYPES.get(plain, "str") + kind[len(plain) :]


SUBMIT_OPTIONS: Final = (
    *(Field(name, _wire_type(policy.kind), policy.doc) for name, policy in POLICY_OPTIONS.items()),
    Field("at", "float | None", "start at this time, epoch seconds, not before"),
    Field("delay", "str | float | None", "start this long from now, not before"),
    Field("labels", "list[str]", "words of your own, shown by ls and show"),
    Field("headers", "dict[str, Any]", "texts that travel with the run, such as the id of a "
          "trace: at most 4 KiB"),
)  # fmt: skip

OPTIONS: Final = Shape("SubmitOptions", "How runs are to be queued and watched.", SUBMIT_OPTIONS)

SHAPES: Final = (
    PROGRESS, ROW, ATTEMPT, OUTCOME, QUEUE, TASK, LOG, ENDED_RUN, ENDED_RUNS, EVENT, OPTIONS, PARAM,
    *SCHEDULE_SHAPES, STALE_LEASE, *DAEMON_SHAPES,
)  # fmt: skip
