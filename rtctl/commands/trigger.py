"""`rtctl trigger`: start a task now, without regard to its condition."""

from __future__ import annotations

from rtctl.cli.print_answers import print_new
from rtctl.cli.submit_request import parse_parameters

TYPE_CHECKING = False
if TYPE_CHECKING:
    from rtctl.cli.context import CommandContext
    from rtctl.generated.answers import TriggerResult

USAGE = "trigger TASK [name=text] [name:=JSON] ..."
FLAGS = ()
MORE = """Prints the id of the run. Refused while a run of the task is active, unless the task may
overlap or has no start condition; submit queues a run that waits for it. The conditions
of tasks count it as any other start."""


def run(context: CommandContext) -> int:
    """Start the task now and print the run's id."""
    task, *words = context.targets(1, None, "TASK")
    answer = context.rpc.trigger(task=task, params=parse_parameters(context.verb, words))
    print_new([answer["id"]], lambda: _print_id(context, answer))
    return 0


def _print_id(context: CommandContext, answer: TriggerResult) -> None:
    if context.is_json:
        context.print_json(answer)
    else:
        context.screen.print_out(answer["id"])
