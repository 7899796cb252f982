"""`python -m rtd` is the `rtd` command."""

import sys

from rtd.cli.main import main

sys.exit(main())
