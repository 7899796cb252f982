"""Tells whether this process carries out a command `flask rtd ...`."""

from __future__ import annotations

from typing import Final

import click

#: The name of the group of commands.
GROUP: Final = "rtd"


def is_flask_rtd() -> bool:
    """Tell whether `flask rtd` is the command of this process: then `start()` starts nothing."""
    context = click.get_current_context(silent=True)
    while context is not None:
        if context.info_name == GROUP and context.parent is not None:
            return True
        context = context.parent
    return False
