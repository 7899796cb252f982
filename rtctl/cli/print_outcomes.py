"""What a verb did to each of its targets: the good on stdout, the bad on stderr."""

from __future__ import annotations

from rtctl.cli.screen import clean

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from rtctl.cli.context import Context
    from rtctl.generated.shapes import Outcome


def show_outcomes(
    context: Context, outcomes: Sequence[Outcome], lines: Callable[[Outcome], list[str]]
) -> None:
    """Print each as its verb wants it, or its error in one line."""
    if context.is_json:
        context.json({"runs": list(outcomes)}, rows="runs")
    for outcome in outcomes:
        error = outcome["error"]
        if error is not None:
            context.screen.say(f"rtctl: {clean(error[1])}")
        elif not context.is_json and not context.quiet:
            for line in lines(outcome):
                context.screen.out(line)
