"""The maps that several verbs share."""

from typing import Final

from rtd.protocol.parameter_verbs import PARAM
from rtd.protocol.schedule_shapes import SCHEDULE_SHAPES
from rtd.protocol.schema import Param, Shape
from rtd.protocol.status_verbs import STATUS_SHAPES

ROW: Final = Shape(
    "Row",
    "A run in a line: what `ls`, `wait` and `show` give.",
    (
        Param("id", "str", "its id, a ULID"),
        Param("task", "str", "the name of its task; `command` for a shell command"),
        Param("state", "str", "queued, running, succeeded, error, exception, terminated, lost "
              "or cancelled"),
        Param("queue", "str", "where it waits or waited"),
        Param("lane", "str", "process, fresh, thread, main, async or command"),
        Param("priority", "int", "within the queue, higher first"),
        Param("text", "str", "the command line of a command, else its parameters in short"),
        Param("labels", "list[str]", "as given at submit"),
        Param("key", "str | None", "the user's own unique id, if one was given"),
        Param("submitted_at", "float", "epoch seconds"),
        Param("due_at", "float | None", "of a delayed or retried run that waits: when it may "
              "start"),
        Param("started_at", "float | None", "of the latest attempt"),
        Param("ended_at", "float | None", "when it became what it is"),
        Param("attempt", "int", "number of the latest attempt, 0 before the first"),
        Param("attempts", "int", "how many its policy allows at most"),
        Param("by", "str | None", "who or what ended it"),
        Param("why", "str | None", "one sentence: the error, or the reason of the end"),
        Param("progress", "Progress | None", "the last report of a run"),
        Param("exit", "list[int | None] | None", "[code, signal] of a command, or of an "
              "executor that died"),
        Param("cpu_s", "float", "CPU seconds of the latest attempt's process tree"),
        Param("peak_bytes", "int", "its peak resident memory"),
        Param("pid", "int | None", "of its executor, while it runs on this node"),
    ),
)  # fmt: skip

PROGRESS: Final = Shape(
    "Progress",
    "What a run last said about how far it is.",
    (
        Param("done", "float", "how much is done"),
        Param("total", "float | None", "of how much, if it is known"),
        Param("text", "str", "in words; may be empty"),
        Param("at", "float", "when it was said, epoch seconds"),
    ),
)

ATTEMPT: Final = Shape(
    "AttemptRow",
    "One try of a run that is over.",
    (
        Param("number", "int", "1 is the first"),
        Param("state", "str", "how it ended"),
        Param("started_at", "float", "epoch seconds"),
        Param("ended_at", "float", "epoch seconds"),
        Param("executor", "str", "id of the executor that carried it out"),
        Param("error", "list[str] | None", "[type, message, traceback]"),
        Param("exit", "list[int | None] | None", "[code, signal]"),
        Param("cpu_s", "float", "CPU seconds of its process tree"),
        Param("peak_bytes", "int", "peak resident memory of its process tree"),
        Param("output_bytes", "int", "how much output is kept"),
        Param("lost_bytes", "int", "how much output was dropped: disk full or over the limit"),
        Param("note", "str | None", "what else a person should know"),
    ),
)

OUTCOME: Final = Shape(
    "Outcome",
    "What a verb on several runs did to one of them.",
    (
        Param("run", "str", "the target as it was given"),
        Param("id", "str | None", "the run's id, when the target meant one"),
        Param("state", "str | None", "its state now"),
        Param("pids", "list[Any]", "kill: each process that was ended, [pid, name, how]"),
        Param("new", "str | None", "retry: the id of the run that was made"),
        Param("error", "list[Any] | None", "[code, sentence] when it failed for this one"),
    ),
)

QUEUE: Final = Shape(
    "QueueRow",
    "A queue that has ever been used.",
    (
        Param("queue", "str", "its name"),
        Param("priority", "int", "among the queues, higher first"),
        Param("paused", "bool", "runs wait, none starts"),
        Param("queued", "int", "how many wait, the delayed ones left out"),
        Param("running", "int", "how many of its runs are going"),
    ),
)

TASK: Final = Shape(
    "TaskRow",
    "A task of the app, or the built-in `command`.",
    (
        Param("name", "str", "what submit calls it"),
        Param("lane", "str", "where its runs go"),
        Param("fresh", "bool", "each run has its own fork"),
        Param("takes", "str", "its parameters as text: `day, limit=...`"),
        Param("parameters", "list[Any]", "[name, required] each"),
        Param("any_parameters", "bool", "it takes names beyond these"),
        Param("policies", "dict[str, Any]", "what differs from the defaults"),
        Param("doc", "str", "first line of its docstring"),
        Param("source", "str", "file:line"),
        Param("condition", "str | None", "under which it starts by itself"),
        Param("end_condition", "str | None", "under which its runs are ended"),
        Param(
            "occasions",
            "list[str]",
            "`startup` and `shutdown` of the daemon, if it runs then and only then",
        ),
        Param("enabled", "bool", "it starts by its condition"),
        Param("last_start_at", "float | None", "of a task with a condition, epoch seconds"),
        Param("last_end_at", "float | None", "likewise"),
        Param("last_end", "str | None", "success, fail, terminate or inaction"),
        Param("next_at", "float | None", "when time alone lets it start next"),
        Param("behind", "str | None", "the run of its own that must end before it starts"),
    ),
)

LOG: Final = Shape(
    "LogPart",
    "A stretch of a run's output, as it was written.",
    (
        Param("sub", "int", "id of the request"),
        Param("run", "str", "the run's id"),
        Param("attempt", "int", "which try wrote it"),
        Param("stream", "str", "`out`, `err`, or `raw`: written by a subprocess"),
        Param("at", "float | None", "when, epoch seconds; of raw output the next time known"),
        Param("data", "bytes", "the bytes; a line may be split over several parts"),
    ),
)

EVENT: Final = Shape(
    "Event",
    "Something that happened to a run or a queue.",
    (
        Param("sub", "int", "id of the request"),
        Param("id", "str", "its place in the stream, to go on from (`since`)"),
        Param("at", "float", "epoch seconds"),
        Param("run", "str | None", "the run's id"),
        Param("task", "str | None", "its task"),
        Param("what", "str", "submitted, ended, again, cancelled, paused, ..."),
        Param("state", "str | None", "the run's state after it"),
        Param("detail", "Any", "further facts"),
    ),
)

#: The options of a submit, beside the policies of `rtd.model.policies.OPTIONS`.
SUBMIT_OPTIONS: Final = (
    Param("queue", "str", "where it waits; default: the task's"),
    Param("priority", "int", "-100 to 100, higher first"),
    Param("timeout", "str | float | None", "an attempt that runs longer is stopped"),
    Param("stop_grace", "str | float | None", "from the request to stop to the kill"),
    Param("retries", "int", "further attempts after a failed one"),
    Param("backoff", "str | float", "wait before the first retry, doubled for each further one"),
    Param("backoff_cap", "str | float", "longest wait between attempts"),
    Param("jitter", "float", "share of the wait that is random, 0 to 1"),
    Param("retry_on", "list[str]", "retry only these exceptions (or `exit N`)"),
    Param("no_retry_on", "list[str]", "never retry these"),
    Param("on_lost", "str", "`fail` or `requeue` when its executor dies"),
    Param("max_concurrency", "int | None", "runs of the task at once, everywhere"),
    Param("memory_limit", "str | int | None", "resident memory of its process tree (`512M`)"),
    Param("cpu_time_limit", "str | float | None", "CPU time of its process tree"),
    Param("expires", "str | float | None", "cancelled when it has not started by then"),
    Param("at", "float | None", "start at this time, epoch seconds, not before"),
    Param("delay", "str | float | None", "start this long from now, not before"),
    Param("labels", "list[str]", "words of your own, shown by ls and show"),
)

OPTIONS: Final = Shape("SubmitOptions", "How runs are to be queued and watched.", SUBMIT_OPTIONS)

SHAPES: Final = (
    PROGRESS, ROW, ATTEMPT, OUTCOME, QUEUE, TASK, LOG, EVENT, OPTIONS, PARAM, *SCHEDULE_SHAPES,
    *STATUS_SHAPES,
)  # fmt: skip
