"""`rtctl complete`: what may stand at the end of a line; the scripts of the shells call it."""

from __future__ import annotations

from rtctl.cli.command_table import ALIASES, COMMANDS, SUBCOMMANDS, SUMMARIES
from rtctl.cli.context import GLOBAL
from rtctl.cli.flags import SWITCH
from rtctl.commands import load_command
from rtctl.commands.completion import SHELLS
from rtd.common.errors import RtdError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from rtctl.cli.context import CommandContext

USAGE = "complete -- [WORD ...]"
FLAGS = ()
MORE = ""
TAKES_TAIL = True

#: The states of the runs to offer, by what a command completes; none: all.
_STATES: dict[str, list[str]] = {
    "run": [],
    "live_run": ["queued", "running"],
    "queued_run": ["queued"],
}


def run(context: CommandContext) -> int:
    """Print candidates for the last word, one a line. Silent when the daemon is away."""
    words = context.args.tail or [""]
    try:
        found = list(candidates(context, words[:-1], words[-1]))
    except RtdError:
        found = []
    fitting = {word for word in found if word.startswith(words[-1]) and word.isprintable()}
    for word in sorted(fitting):
        context.screen.print_out(word)
    return 0


def candidates(context: CommandContext, before: list[str], last: str) -> Iterable[str]:
    """Return the words that the last word could become, given those before it."""
    if "--" in before:
        return []
    words = _without_flags(context, before)
    if not words:
        return [*SUMMARIES, *ALIASES]
    command, *targets = words
    command = ALIASES.get(command, command)
    if command not in COMMANDS:
        return []
    if last.startswith("-"):
        flags = (*GLOBAL, *load_command(command).FLAGS)
        return [name for flag in flags for name in flag.names if name.startswith("--")]
    if command not in SUBCOMMANDS:
        return _names(context, COMMANDS[command][1], targets)
    if not targets:
        return SUBCOMMANDS[command]
    return _names(context, SUBCOMMANDS[command].get(targets[0], ""), targets[1:])


def _without_flags(context: CommandContext, before: list[str]) -> list[str]:
    """Return the words besides flags. A daemon or a Redis that they name is taken over."""
    places = {name: flag for flag in GLOBAL if flag.kind != SWITCH for name in flag.names}
    words, left = [], iter(before)
    for word in left:
        name, mark, value = word.partition("=")
        if name in places:
            value = value if mark else next(left, "")
            if places[name].dest in ("socket", "url"):
                setattr(context.args, places[name].dest, value)
        elif not word.startswith("-"):
            words.append(word)
    return words


def _names(context: CommandContext, kind: str, targets: list[str]) -> Iterable[str]:
    """Return the names of one kind; see `rtd.protocol.schema.Completion`."""
    match kind:
        case "run" | "live_run" | "queued_run":
            return [row["id"] for row in context.rpc.ls(state=_STATES[kind], limit=30)["runs"]]
        case "task_call" if targets:
            tasks = context.rpc.tasks()["tasks"]
            mine = [task for task in tasks if task["name"] == targets[0]]
            return [f"{name}=" for task in mine for name, _ in task["parameters"]]
        case "task" | "task_call":
            return [task["name"] for task in context.rpc.tasks()["tasks"]]
        case "queue":
            return [queue["queue"] for queue in context.rpc.queue_ls()["queues"]]
        case "parameter":
            return [row["name"] for row in context.rpc.params_ls()["params"]]
        case "parameter_value":
            return [f"{row['name']}=" for row in context.rpc.params_ls()["params"]]
    return {"command": [*SUMMARIES], "shell": [*SHELLS]}.get(kind, [])
