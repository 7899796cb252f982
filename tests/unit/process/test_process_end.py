"""A child that has nothing to end finds that out without the work of ending things."""

import subprocess
import sys

PROGRAM = """
import os
from rtd.process.fork.fork import fork_child
from rtd.process.fork.prefork import PreforkedChild
from rtd.process.fork.process_end import begin_own_end, needs_end
{before}
begin_own_end()  # as an executor does
def body():
    {inside}
    return 2 + needs_end()
child = PreforkedChild()
child.fork(body)
raise SystemExit(child.wait().code)
"""


def code_of(inside: str, before: str = "") -> int:
    """Return the exit code of a child: 2 when it had nothing to end, 3 when it had."""
    program = PROGRAM.format(inside=inside, before=before)
    return subprocess.run([sys.executable, "-c", program], check=False, timeout=20).returncode


def test_a_child_that_did_nothing_has_nothing_to_end() -> None:
    assert code_of("pass", before="kept = open('/dev/null'); import logging, gzip") == 2


def test_what_a_child_leaves_to_its_end_is_found() -> None:
    assert code_of("import atexit; atexit.register(print)") == 3
    assert code_of("global kept; kept = [open('/dev/null', 'w')]") == 3
    assert code_of("import logging; logging.getLogger().addHandler(logging.StreamHandler())") == 3
    assert code_of("global kept; kept = type('K', (), {'__del__': lambda self: None})()") == 3
