"""The folder of rtd's own code: tracebacks for users leave out frames of its files."""

import os
import sys
from typing import Final

#: The folder of the package `rtd`, with a slash at its end.
PACKAGE_ROOT: Final = os.path.dirname(os.path.realpath(str(sys.modules["rtd"].__file__))) + "/"
