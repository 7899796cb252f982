"""The command `rtd`, and `python -m rtd`."""

from __future__ import annotations

import sys

from rtd.config.import_interrupt import end_on_interrupt, run_command
from rtd.config.python_command import leave_working_directory

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable


def main() -> int:
    """Run the command line of this process, and return its exit code."""
    return run_command(_load)


def _load() -> Callable[[], int]:
    from rtd.cli.main import main as run  # lazy: Ctrl-C while it is imported is no traceback

    return run


if __name__ == "__main__":
    end_on_interrupt()
    leave_working_directory()
    sys.exit(main())
