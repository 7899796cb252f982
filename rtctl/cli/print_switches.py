"""What `rtctl enable` and `rtctl disable` share."""

from __future__ import annotations

from rtctl.cli.flags import UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from rtctl.cli.context import CommandContext
    from rtctl.generated.shapes import SwitchRow


def target_tasks(context: CommandContext) -> list[str]:
    """The tasks; none with --all. Raises UsageError."""
    if context.args.all and context.args.targets:
        raise UsageError(f"{context.verb}: name tasks or say --all, not both")
    return [] if context.args.all else context.targets(1, None, "TASK")


def print_switches(context: CommandContext, rows: Sequence[SwitchRow]) -> int:
    """How they are now."""
    if context.is_json:
        context.print_json({"tasks": list(rows)}, rows="tasks")
    elif not context.quiet:
        for row in rows:
            what = "the schedule" if row["task"] == "*" else row["task"]
            context.screen.print_out(f"{what} is {'enabled' if row['enabled'] else 'disabled'}")
    return 0
