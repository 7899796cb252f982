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
    "run": ("submit a run, print its output, return its exit code", "task_call", "submit"),
    "cond": ("explain a condition: its value, why, and when it changes", "", "tasks"),
    "simulate": ("list when the tasks of an app would start, without running them", "", "graph"),
    "completion": ("print the completion script for bash, zsh or fish", "shell", "shutdown"),
    "help": ("print this help, or that of a verb", "command", "shutdown"),
    "version": ("print the versions of rtctl and of the daemon", "", "shutdown"),
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
