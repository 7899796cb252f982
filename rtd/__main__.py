"""`python -m rtd` is the `rtd` command."""

import sys

from rtd.config.python_command import leave_working_directory

leave_working_directory()

from rtd.cli.main import main  # noqa: E402

sys.exit(main())
