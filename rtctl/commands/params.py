"""`rtctl params`: what tasks are given besides a submit's parameters: ls, get, set, unset."""

from __future__ import annotations

from rtctl.cli.command_table import SUBCOMMANDS
from rtctl.cli.flags import Flag, UsageError, suggest
from rtctl.cli.screen import clean
from rtctl.cli.submit_request import parse_parameter

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from rtctl.cli.context import CommandContext
    from rtctl.generated.shapes import ParamRow

USAGE = (
    "params [ls]   or   params get NAME   or   params set name=text|name:=JSON ...   or   "
    "params unset NAME ..."
)
FLAGS = (
    Flag("-t/--task", "ls: what this task gets; otherwise: its own parameter", "text", "TASK"),
)
MORE = """Lists the parameters that the app declares: tasks get them beside those of a submit.
`set` gives one another value, from the next run on, until `unset`. Private values are
never shown."""
VERBS = SUBCOMMANDS["params"]
_SHOWN_CHARS = 60


def run(context: CommandContext) -> int:
    """Run the command of the second word."""
    verb, *words = context.args.targets or ["ls"]
    if verb not in VERBS:
        raise UsageError(
            f"params: unknown verb {verb!r}{suggest(verb, VERBS)} (known: {', '.join(VERBS)})"
        )
    context.verb = f"params {verb}"
    task = context.args.task
    if verb == "ls":
        if words:
            raise UsageError(f"params ls: what is {words[0]!r}? (`params get {words[0]}`)")
        _table(context, context.rpc.params_ls(task=task)["params"])
    elif not words:
        raise UsageError(f"params {verb}: which NAME? (`rtctl params` lists them)")
    elif verb == "get":
        _get(context, words, task)
    elif verb == "set":
        given = _pairs(words)
        _table(
            context, [context.rpc.params_set(name=n, value=v, task=task)["param"] for n, v in given]
        )
    else:
        _table(context, [context.rpc.params_unset(name=name, task=task)["param"] for name in words])
    return 0


def _pairs(words: list[str]) -> list[tuple[str, Any]]:
    """Parse `name=text`, `name:=JSON`, or one `NAME VALUE`, all before one is set."""
    if len(words) == 2 and "=" not in words[0]:
        return [(words[0], words[1])]
    return [parse_parameter("params set", word) for word in words]


def _get(context: CommandContext, words: list[str], task: str | None) -> None:
    """Print the value and nothing else, for scripts."""
    if len(words) > 1:
        raise UsageError("params get: one NAME at a time")
    row = context.rpc.params_get(name=words[0], task=task)["param"]
    if context.is_json:
        context.print_json(dict(row))
    elif not context.quiet:
        context.screen.print_out(_value(row))


def _table(context: CommandContext, params: Sequence[ParamRow]) -> None:
    if context.is_json:
        context.print_json({"params": list(params)}, rows="params")
    elif context.quiet:
        for row in params:
            context.screen.print_out(row["name"])
    else:
        rows = [
            (row["name"], row["task"] or "-", _short(_value(row)), "rtctl" if row["is_set"]
             else "app")
            for row in params
        ]  # fmt: skip
        context.screen.print_table(("PARAMETER", "TASK", "VALUE", "FROM"), rows)


def _value(row: ParamRow) -> str:
    """Return a text as it is, other values as JSON, a note for a value that only a run knows."""
    if row["private"]:
        return str(row["value"])
    if not row["known"]:
        return f"({row['note']})"
    if isinstance(row["value"], str):
        return clean(row["value"])
    from rtctl.cli.json_output import dump_user_value  # lazy: json costs 7 ms

    return dump_user_value(row["value"])


def _short(text: str) -> str:
    line = text.partition("\n")[0]
    short = line if len(line) <= _SHOWN_CHARS else line[: _SHOWN_CHARS - 3] + "..."
    return short if line == text else f"{short.removesuffix('...')}..."
