"""Conditions as objects, under the name that programs of Red Engine's kind import them from."""

from rtd.conditions import *  # noqa: F403
from rtd.conditions import __all__  # noqa: F401
