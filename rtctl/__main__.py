"""The command `rtctl`, and `python -m rtctl`."""

import sys

from rtd.config.import_interrupt import end_on_interrupt, raise_on_interrupt
from rtd.config.python_command import leave_working_directory


def main() -> int:
    """Run the command line of this process, and return its exit code."""
    end_on_interrupt()
    from rtctl.main import main as run  # lazy: Ctrl-C while it is imported is no traceback

    try:
        raise_on_interrupt()
        return run()
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    end_on_interrupt()
    leave_working_directory()
    sys.exit(main())
