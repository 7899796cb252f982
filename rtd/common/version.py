"""The version of rtd, and the name under which package indexes have it.

The distribution is `rtd-daemon`; the package `rtd` on PyPI belongs to others. `pyproject.toml`
reads the version from here. `importlib.metadata` would read it from the installation, but takes
longer to import than all of rtctl.

Imported by every `rtctl`: without `typing` it starts 6 ms sooner.
"""

#: What `pip install` takes, without or with an extra: `rtd-daemon[yaml]`.
DISTRIBUTION = "rtd-daemon"
VERSION = "0.1.0"
