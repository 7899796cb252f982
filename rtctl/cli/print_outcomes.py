"""What a verb did to each of its targets: the good on stdout, the bad on stderr."""

from __future__ import annotations

from rtctl.cli.screen import clean

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from rtctl.cli.context import CommandContext
    from rtctl.generated.shapes import Outcome


def print_outcomes(
    context: CommandContext, outcomes: Sequence[Outcome], lines: Callable[[Outcome], list[str]]
) -> None:
    """Print each as its verb wants it, or its error in one line."""
    if context.is_json:
        context.print_json({"runs": list(outcomes)}, rows="runs")
    for outcome in outcomes:
        error = outcome["error"]
        if error is not None:
            context.screen.print_err(f"rtctl: {clean(error[1])}")
        elif not context.is_json and not context.quiet:
            for line in lines(outcome):
                context.screen.print_out(line)
