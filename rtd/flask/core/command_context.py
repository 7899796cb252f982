"""Tells which command of `flask` this process carries out."""

from __future__ import annotations

from typing import Final

import click
from flask.cli import ScriptInfo

#: The name of the group of commands.
GROUP: Final = "rtd"
#: The command that serves the app.
_SERVER: Final = "run"


def is_flask_rtd() -> bool:
    """Tell whether `flask rtd` is the command of this process: then `start()` starts nothing."""
    context = click.get_current_context(silent=True)
    while context is not None:
        if context.info_name == GROUP and context.parent is not None:
            return True
        context = context.parent
    return False


def is_other_flask_command() -> bool:
    """Tell whether a command of `flask` that does not serve the app has made it, such as
    `flask shell`, `flask db upgrade`, or one of the app: then `start()` starts nothing."""
    context, name = click.get_current_context(silent=True), ""
    if context is None or context.find_object(ScriptInfo) is None:
        return False
    while context.parent is not None:
        context, name = context.parent, context.info_name or ""
    return name != _SERVER
