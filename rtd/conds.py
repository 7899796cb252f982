"""`rtd.conditions` under Red Engine's name."""

from rtd.conditions import *  # noqa: F403
from rtd.conditions import __all__  # noqa: F401
