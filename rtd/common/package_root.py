"""Where rtd's own code lies: frames of these files are left out of what users are shown."""

import os
import sys
from typing import Final

#: The folder of the package `rtd`, with a slash at its end.
PACKAGE_ROOT: Final = os.path.dirname(os.path.realpath(str(sys.modules["rtd"].__file__))) + "/"
