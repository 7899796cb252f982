"""`python -m rtctl`: the same as the command `rtctl`."""

import sys

from rtd.config.python_command import leave_working_directory

leave_working_directory()

from rtctl.main import main  # noqa: E402

sys.exit(main())
