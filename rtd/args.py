"""`rtd.arguments` under its short name."""

from rtd.arguments import *  # noqa: F403
from rtd.arguments import __all__  # noqa: F401
