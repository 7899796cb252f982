"""`python -m rtctl`: the same as the command `rtctl`."""

import sys

from rtctl.command import main

sys.exit(main())
