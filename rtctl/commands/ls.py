"""`rtctl ls`: list runs (also when no verb is given)."""

from __future__ import annotations

from rtctl.cli.flags import Flag, UsageError, suggest
from rtctl.cli.resolve_names import say_unknown_queue
from rtctl.cli.run_rows import print_rows, tally_text
from rtctl.cli.screen import wrap_text
from rtctl.client.run_pages import RunPages
from rtd.common.errors import UnknownTask

TYPE_CHECKING = False
if TYPE_CHECKING:
    from rtctl.cli.context import CommandContext
    from rtctl.generated.answers import LsResult

USAGE = "ls [TASK | @QUEUE]"
FLAGS = (
    Flag("--task", "only runs of this task", "text", "TASK"),
    Flag("--state", "only in these states (`running,queued`; for several: `unsuccessful`)", "text",
         "STATES", many=True),
    Flag("-Q/--queue", "only of this queue", "text", "QUEUE"),
    Flag("--label", "only with this label (may be repeated: with all)", "text", "LABEL",
         many=True),
    Flag("-n/--limit", "the most runs (default on a terminal: 50)", "int", "N"),
    Flag("--since", "only runs that changed since then (`10m`, `08:00`: the last)", "text", "TIME"),
    Flag("--until", "only runs whose last change was before then", "text", "TIME"),
)  # fmt: skip
#: What `ls` says of runs that are `terminated`.
_KINDS = ("timed out", "killed", "over limit", "stopped", "shut down")
MORE = """STATES are queued, running, succeeded, error, exception, terminated, lost and cancelled.
Words for several: `failed` (error, exception, lost), `unsuccessful` (these and
terminated), `ended` (all that have ended). The table says `failed` for error and exception; `show`
says which. It says what ended a terminated run: timed out, killed, over limit, stopped (by its end
condition), shut down.

Running runs come first, then queued, then ended ones, the newest first. On a terminal ids are
cut: their end is enough for every verb. -o wide shows all columns. With -q, or with JSON into a
pipe or a file, all runs are listed unless -n is given. A table that leaves out runs says so.
--until 06:00 is the first 06:00 after a --since such as 22:00; without it, today's."""

STATES = ("queued", "running", "succeeded", "error", "exception", "terminated", "lost", "cancelled")
_SETS = {
    "failed": ["error", "exception", "lost"],
    "unsuccessful": ["error", "exception", "lost", "terminated"],
    "ended": list(STATES[2:]),
    "all": [],
}


def run(context: CommandContext) -> int:
    """Print the rows of the runs."""
    args = context.args
    task, queue = args.task, args.queue
    for target in context.targets(0, 1, "TASK or @QUEUE"):
        if target.startswith("@"):
            queue = target[1:]
        else:
            task = target
    since = until = None
    if args.since is not None or args.until is not None:
        from rtctl.cli.parse_time import parse_span  # lazy: it needs datetime and re

        since, until = parse_span(context.verb, args.since, args.until)
    limit = context.list_limit(50)
    if limit is not None and limit < 1:
        raise UsageError(f"ls: --limit: {limit} is less than 1")
    answer = _read(context, task, queue, (since, until), limit)
    if not answer["runs"]:
        _check_names(context, task, queue)
    if context.is_json:
        context.print_json(answer, rows="runs")
    elif context.quiet:
        for row in answer["runs"]:
            context.screen.print_out(row["id"])
    else:
        is_part = bool(task or queue or args.state or args.label or since or until)
        print_rows(context, answer["runs"], wide=context.format == "wide")
        _say_totals(context, answer, is_part=is_part)
    if answer["more"]:
        context.say_cut(len(answer["runs"]))
    return 0


def _read(
    context: CommandContext,
    task: str | None,
    queue: str | None,
    span: tuple[float | None, float | None],
    limit: int | None,
) -> LsResult:
    """Return the answer of the daemon, or of several requests one that holds all rows."""
    states, pages = parse_states(context.args.state), RunPages(limit)
    while True:
        size, start = pages.span
        answer = context.rpc.ls(
            task=task, state=states, queue=queue, limit=size, since=span[0], until=span[1],
            labels=context.args.label, ended_from=start,
        )  # fmt: skip
        if not pages.add(answer):
            answer["runs"], answer["more"] = pages.rows, pages.more
            return answer


def _check_names(context: CommandContext, task: str | None, queue: str | None) -> None:
    """Where no runs were found: say that no queue has this name; raise for such a task."""
    if task is not None:
        try:
            context.rpc.tasks(task=task)
        except UnknownTask:
            if task not in _SETS and task not in STATES:
                raise
            sentence = f"ls: {task!r} is a state, no task: `rtctl ls --state {task}`"
            raise UnknownTask(sentence) from None
    if queue is not None and not context.is_json and not context.quiet:
        say_unknown_queue(context, queue)


def parse_states(words: list[str]) -> list[str]:
    """Return the states in `running,failed`. Raises UsageError for an unknown word."""
    found: list[str] = []
    for word in ",".join(words).split(","):
        name = word.strip().lower()
        if name in STATES:
            found.append(name)
        elif name in _SETS:
            found += _SETS[name]
        elif name.replace("-", " ") in _KINDS:
            raise UsageError(f"ls: --state: runs that {name!r} is said of are `terminated`")
        elif name:
            known = [*STATES, *_SETS]
            hint = suggest(name, known) or f"; known: {', '.join(known)}"
            raise UsageError(f"ls: --state: {name!r} is no state{hint}")
    return found


def _say_totals(context: CommandContext, answer: LsResult, *, is_part: bool) -> None:
    """Print how many runs there are. `is_part`: the table is of some of them only."""
    if not context.screen.stderr_is_terminal:
        return
    totals = answer["totals"]
    text = tally_text({state: totals.get(state, 0) for state in STATES}) or "no runs yet"
    if is_part:
        text = f"all runs: {text}" if answer["runs"] else f"no such run; all runs: {text}"
    for line in wrap_text(text, context.screen.width or 80):
        context.screen.print_err(context.screen.paint(line, "dim"))
