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
MORE = """Prints the run's id. Refused while a run of the task is going, unless it may overlap
or has no start condition; submit queues one that waits for it. For the task's conditions it
counts as a start like any other."""


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
