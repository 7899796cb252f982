"""`python -m rtctl`: the same as the command `rtctl`."""

import sys

from rtctl.main import main

sys.exit(main())
