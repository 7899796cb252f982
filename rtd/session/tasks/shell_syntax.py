"""Commands that only a shell would understand: without one, `|` is a word of the command.

Such a command often succeeds: `echo a | cat > q` prints the rest of its own line.
"""

import re
from collections.abc import Mapping
from typing import Any, Final

from rtd.session.tasks.command_task import CommandTask

__all__ = ["describe_shell_syntax"]

_QUOTED: Final = re.compile(r"""\\.|'[^']*'|"(?:\\.|[^"\\])*\"""", re.DOTALL)
#: A pipe, a redirection, `&&`, `;` or `&` at the end of a word, a variable, a command in a command.
#: Addresses (`?a=1&b=2`) and versions (`>=1`) are words without a shell, too.
_SYNTAX: Final = re.compile(
    r"\|\|?|\d*>>?(?!=)(?:&\d)?|<(?!=)|&&|[;&](?!\S)|\$(?:[({]|[A-Za-z_]\w*)|`"
)
#: What has its meaning between double quotes, too.
_EXPANSION: Final = re.compile(r"\$(?:[({]|[A-Za-z_]\w*)|`")


def describe_shell_syntax(tasks: Mapping[str, Any]) -> list[str]:
    """Return a sentence for each command task with such a command and no shell."""
    found = []
    for name, task in tasks.items():
        if isinstance(task, CommandTask) and not task.has_shell and isinstance(task.command, str):
            sign = _SYNTAX.search(_QUOTED.sub(_kept, task.command))
            if sign:
                found.append(
                    f"task {name!r} ({task.definition.info.source}): `{sign[0]}` in its command has"
                    " a meaning only in a shell; write shell=True, or quote it"
                )
    return found


def _kept(quoted: re.Match[str]) -> str:
    """Return what a shell would still read in a quoted piece."""
    return " ".join(_EXPANSION.findall(quoted[0])) if quoted[0].startswith('"') else "_"
