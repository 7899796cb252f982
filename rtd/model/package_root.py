"""Where rtd's own code lies: frames of these files are left out of what users are shown."""

import os
from typing import Final

import rtd

#: The folder of the package `rtd`, with a slash at its end.
PACKAGE_ROOT: Final = os.path.dirname(os.path.realpath(str(rtd.__file__))) + "/"
