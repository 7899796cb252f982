"""The Lua scripts, put together and digested once per process.

Every script starts with `HEAD`. A script that needs pieces of `lua/lib` names them in a line
`--@use a b c`; this module puts them between the head and the script, in that order.
"""

import functools
import re
from pathlib import Path
from typing import Final, NamedTuple

from rtd.common.package_root import PACKAGE_ROOT
from rtd.common.stdlib.hashes import sha1

#: N is the prefix of all keys, NODE the node whose supervisor a script rings (the first argument
#: of every script that may ring).
HEAD: Final = "local N, NODE = KEYS[1], ARGV[1]"
#: By path: importlib.resources brings 2 MB into every zygote, which each fork pays for.
_FOLDER: Final = Path(PACKAGE_ROOT) / "store" / "lua"
_USE: Final = re.compile(r"^--@use (.+)$", re.MULTILINE)


class Script(NamedTuple):
    """A script's source, and its digest as EVALSHA wants it."""

    source: bytes
    digest: str


def _read(name: str) -> str:
    return (_FOLDER / f"{name}.lua").read_text(encoding="utf-8")


@functools.cache
def script(name: str) -> Script:
    """Return the script of that name. Raises FileNotFoundError when there is none."""
    body = _read(name)
    pieces = [_read(f"lib/{piece}") for line in _USE.findall(body) for piece in line.split()]
    source = "\n".join([HEAD, *pieces, body]).encode()
    return Script(source, sha1(source, usedforsecurity=False).hexdigest())
