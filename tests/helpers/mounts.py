"""Small disks of a test's own, in a mount namespace."""

import shutil
import subprocess

import pytest


def _can_mount() -> bool:
    tool = shutil.which("unshare")
    if tool is None:
        return False
    words = [tool, "-m", "mount", "-t", "tmpfs", "tmpfs", "/mnt"]
    return subprocess.run(words, capture_output=True, check=False).returncode == 0


#: Marks tests that mount something.
needs_mounts = pytest.mark.skipif(not _can_mount(), reason="needs root, and a mount of its own")
