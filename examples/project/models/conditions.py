"""Conditions of this project; use them in `start_cond` like any other."""

import re

from project.parameters import DATA
from rtd.conditions import FuncCond


@FuncCond(syntax=re.compile(r"more than (?P<count>\d+) letters? waits?"))
def letters_wait(count):
    """Return whether the mailbox holds more letters than that."""
    return len(list((DATA / "mail").glob("*.eml"))) > int(count)
