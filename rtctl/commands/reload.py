"""`rtctl reload`: import the app again and serve it."""

from __future__ import annotations

from rtctl.cli.screen import clean
from rtctl.core.deadline import Deadline
from rtd.common.errors import WaitTimeout
from rtd.common.format_units import format_count

TYPE_CHECKING = False
if TYPE_CHECKING:
    from rtctl.cli.context import CommandContext
    from rtctl.generated.answers import ReloadResult

USAGE = "reload"
FLAGS = ()
MORE = """Imports the app again. Running runs keep their code; new runs get the new code. Waits
until the new app is in use, and prints which tasks are new, changed and gone. Exit
codes: 1 the app does not import, and the previous one stays in use; 8 a part of the new
app failed, such as a file of a loader."""
PARTLY_FAILED = 8
#: A longer wait prints what it waits for.
PATIENCE_S = 2.0
_STILL = (
    "rtctl: waiting: the app is still being imported, or too many runs still have old code;"
    " the daemon's log says which"
)


def run(context: CommandContext) -> int:
    """Wait until the new app serves, and print what has changed."""
    context.targets(0, 0, "target")
    answer = _answer(context)
    if context.is_json:
        context.print_json(answer)
    elif not context.quiet:
        count = answer["tasks"]
        context.screen.print_out(f"reloaded: {format_count(count, 'task')}")
        for word, names in (
            ("new", answer["added"]), ("changed", answer["changed"]), ("gone", answer["removed"])
        ):  # fmt: skip
            if names:
                context.screen.print_out(f"{word}: {clean(', '.join(names))}")
        for fault in answer["faults"]:
            context.screen.print_err(f"rtctl: {clean(fault)}")
    return PARTLY_FAILED if answer["faults"] else 0


def _answer(context: CommandContext) -> ReloadResult:
    context.goes_on = "the daemon continues the reload; its log says how it ends"
    connection = context.pool.acquire()
    try:
        request = connection.send("reload", {})
        answer: ReloadResult
        try:
            answer = connection.receive_answer(request, Deadline(PATIENCE_S))
        except WaitTimeout:
            if not context.quiet:
                context.screen.print_err(_STILL)
            answer = connection.receive_answer(request, None)
        return answer
    finally:
        connection.close()
