"""Conditions of the project's own, to be used in `start_cond` like any other."""

import re

from project.parameters import DATA
from rtd.conditions import FuncCond


@FuncCond(syntax=re.compile(r"more than (?P<count>\d+) letters? waits?"))
def letters_wait(count):
    """True while there are more letters than that in the mailbox."""
    return len(list((DATA / "mail").glob("*.eml"))) > int(count)
