"""Ctrl-C while a command is imported: exit code 130, and no word."""

import subprocess
import sys

import pytest

#: Interrupts this process when a module is looked for, as Ctrl-C may.
PROGRAM = """
import os, signal, sys
class Interrupter:
    def find_spec(self, name, path=None, target=None):
        if name == {module!r}:
            os.kill(os.getpid(), signal.SIGINT)
sys.meta_path.insert(0, Interrupter())
sys.argv[1:] = ["--help"]
from {package}.__main__ import main
sys.exit(main())
"""


@pytest.mark.parametrize(
    ("package", "module"),
    [("rtctl", "rtctl.main"), ("rtctl", "rtctl.cli.screen"), ("rtctl", "rtctl.commands.help"),
     ("rtd", "rtd.cli.main"), ("rtd", "argparse")],
)  # fmt: skip
def test_ctrl_c_while_importing_is_no_traceback(package: str, module: str) -> None:
    program = PROGRAM.format(package=package, module=module)
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=30, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "")
