"""The commands of rtctl, one file each, named as the command, with `_` for `-`.

A file has `USAGE` (the words after `rtctl`), `FLAGS`, `MORE` (further help) and
`run(context) -> exit code`, and may have `TAKES_TAIL` (the words after `--` are a command). The
summary of a command stands with its verb in `rtd.protocol`, or in `rtctl.cli.command_table`.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType


def load_command(name: str) -> ModuleType:
    """Import the module of one command and return it."""
    from importlib import import_module  # lazy: Python has loaded it already

    return import_module(f"rtctl.commands.{name.replace('-', '_')}")
