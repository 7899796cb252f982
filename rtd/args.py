"""The short name of `rtd.arguments`."""

from rtd.arguments import *  # noqa: F403
from rtd.arguments import __all__  # noqa: F401
