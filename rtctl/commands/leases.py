"""`rtctl leases`: runs that executors have, and those whose executor is gone."""

from __future__ import annotations

from rtctl.cli.flags import Flag
from rtctl.cli.screen import clean
from rtd.common.format_units import format_count

TYPE_CHECKING = False
if TYPE_CHECKING:
    from rtctl.cli.context import CommandContext

USAGE = "leases [--settle]"
FLAGS = (Flag("--settle", "look for dead executors now"),)
MORE = """Lists the runs whose executor or node is gone and that have no outcome yet. rtd gives
them one by itself within seconds; --settle does it now. -q prints the ids."""


def run(context: CommandContext) -> int:
    """Print the stale leases."""
    context.targets(0, 0)
    answer = context.rpc.leases(settle=context.args.settle)
    stale = answer["stale"]
    if context.is_json:
        context.print_json(answer, rows="stale")
    elif context.quiet:
        for lease in stale:
            context.screen.print_out(lease["run"])
    else:
        context.screen.print_out(f"{format_count(answer['leases'], 'lease')}, {len(stale)} stale")
        if stale:
            rows = [
                (lease["run"], clean(lease["node"] or "-"), clean(lease["why"])) for lease in stale
            ]
            context.screen.print_table(("RUN", "NODE", "WHY"), rows, drop="NODE")
    return 0
