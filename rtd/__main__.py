"""`python -m rtd` is the `rtd` command."""

import sys

from rtd.cli import main

sys.exit(main())
