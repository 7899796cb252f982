"""Both packages list the names that they load when they are first used."""

import subprocess
import sys

import pytest


@pytest.mark.parametrize("package", ["rtd", "rtctl"])
def test_dir_lists_the_public_names(package: str) -> None:
    code = f"import {package}; print(set({package}.__all__) - set(dir({package})))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"
