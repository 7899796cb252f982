"""The commands of rtctl: those of the protocol's verbs, and those that only rtctl has.

The module of a command is in `rtctl.commands`.
"""

from __future__ import annotations

from rtctl.generated import verb_table

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

#: Commands without a verb: a summary, what the shell completes, and the command before them in
#: the help. `complete` is for the shell alone.
_LOCAL = {
    "run": ("submit, follow the output, return the task's exit code", "task_call", "submit"),
    "cond": ("the value of a condition, why, and its next changes", "", "tasks"),
    "simulate": ("when the tasks of an app would start, on a virtual clock", "", "graph"),
    "completion": ("the shell's completion: bash, zsh or fish", "shell", "shutdown"),
    "help": ("this, or a verb's flags", "command", "shutdown"),
    "version": ("of rtctl and of the daemon", "", "shutdown"),
    "complete": ("", "", "shutdown"),
}


def _in_order() -> Iterator[tuple[str, tuple[str, str]]]:
    for name, facts in verb_table.COMMANDS.items():
        yield name, facts
        for local, (summary, completes, after) in _LOCAL.items():
            if after == name:
                yield local, (summary, completes)


#: Each command in the order of the help: its summary, and what the shell completes behind it.
COMMANDS: dict[str, tuple[str, str]] = dict(_in_order())
#: The commands that the help lists, each with its summary.
SUMMARIES = {name: summary for name, (summary, _) in COMMANDS.items() if summary}
#: Words that people know from other tools.
ALIASES = verb_table.ALIASES
#: Commands with a second word, and what the shell completes behind that.
SUBCOMMANDS = verb_table.SUBCOMMANDS
