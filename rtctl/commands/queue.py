"""`rtctl queue`: ls, pause, resume, priority, purge."""

from __future__ import annotations

import sys

from rtctl.cli.command_table import SUBCOMMANDS
from rtctl.cli.flags import Flag, UsageError, suggest
from rtctl.cli.resolve_names import say_unknown_queue
from rtd.common.format_units import format_count

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from rtctl.cli.context import CommandContext
    from rtctl.generated.shapes import QueueRow

USAGE = (
    "queue [ls]   or   queue pause QUEUE ...   or   queue resume QUEUE ...   or   "
    "queue priority QUEUE ... N   or   queue purge QUEUE"
)
FLAGS = (
    Flag("--reason", "pause, purge: why", "text", "TEXT"),
    Flag("-y/--yes", "purge: do not ask"),
)
MORE = """A paused queue accepts runs and starts none; running runs continue. The priority (-100
to 100, default 0) says which queue comes first; the priorities of runs count after it.
purge cancels all runs that wait in the queue."""
VERBS = SUBCOMMANDS["queue"]


def run(context: CommandContext) -> int:
    """Run the command of the second word."""
    verb, *names = context.args.targets or ["ls"]
    names = [name.removeprefix("@") for name in names]
    if verb not in VERBS:
        raise UsageError(
            f"queue: unknown verb {verb!r}{suggest(verb, VERBS)} (known: {', '.join(VERBS)})"
        )
    context.verb = f"queue {verb}"
    if verb == "ls":
        found = [q for q in context.rpc.queue_ls()["queues"] if not names or q["queue"] in names]
        _show(context, found)
        for name in names:
            if not (context.is_json or context.quiet or any(q["queue"] == name for q in found)):
                say_unknown_queue(context, name)
        return 0
    if not names:
        raise UsageError(f"queue {verb}: which QUEUE? (`rtctl queue` lists them)")
    reason = context.args.reason or ""
    if verb == "pause":
        _pause(context, names, reason)
    elif verb == "resume":
        _show(context, context.rpc.queue_resume(queues=names)["queues"])
    elif verb == "priority":
        _set_priority(context, names)
    else:
        _purge(context, names, reason)
    return 0


def _show(context: CommandContext, queues: Sequence[QueueRow]) -> None:
    if context.is_json:
        context.print_json({"queues": list(queues)}, rows="queues")
    elif context.quiet:
        for queue in queues:
            context.screen.print_out(queue["queue"])
    else:
        rows = [
            (q["queue"], str(q["priority"]), f"{q['queued']:,}", f"{q['running']:,}",
             "paused" if q["paused"] else "open")
            for q in queues
        ]  # fmt: skip
        context.screen.print_table(("QUEUE", "PRIO", "QUEUED", "RUNNING", "STATE"), rows)


def _pause(context: CommandContext, names: list[str], reason: str) -> None:
    known = [row["queue"] for row in context.rpc.queue_ls()["queues"]]
    _show(context, context.rpc.queue_pause(queues=names, reason=reason)["queues"])
    _hint_at_mistake(context, names, known)


def _set_priority(context: CommandContext, words: list[str]) -> None:
    *names, number = words
    try:
        priority = int(number)
    except ValueError:
        raise UsageError(
            f"queue priority: {number!r} is no whole number; write `queue priority QUEUE N`"
        ) from None
    if not names:
        raise UsageError(f"queue priority: which QUEUE? (`queue priority QUEUE {number}`)")
    known = [row["queue"] for row in context.rpc.queue_ls()["queues"]]
    _show(context, context.rpc.queue_priority(queues=names, priority=priority)["queues"])
    _hint_at_mistake(context, names, known)


def _hint_at_mistake(context: CommandContext, names: list[str], known: list[str]) -> None:
    """Print a hint for each queue that is new and named much like one that was known."""
    for name in names:
        if name not in known and (hint := suggest(name, known)):
            context.screen.print_err(f"rtctl: no queue {name!r} has ever been used{hint}")


def _purge(context: CommandContext, names: list[str], reason: str) -> None:
    if len(names) > 1:
        raise UsageError("queue purge: one QUEUE at a time")
    context.goes_on = "queue purge: nothing was done"
    if not context.args.yes and not _is_sure(names[0]):
        raise UsageError(f"queue purge: nothing was done; --yes cancels all in {names[0]!r}")
    context.goes_on = ""
    cancelled = context.rpc.queue_purge(queue=names[0], reason=reason)["cancelled"]
    if context.is_json:
        context.print_json({"queue": names[0], "cancelled": cancelled})
    elif not context.quiet:
        context.screen.print_out(f"{format_count(cancelled, 'run')} cancelled")


def _is_sure(name: str) -> bool:
    if not sys.stdin.isatty():
        return False
    sys.stderr.write(f"Cancel all runs that wait in {name!r}? [y/N] ")
    sys.stderr.flush()
    return sys.stdin.readline().strip().lower() in ("y", "yes")
