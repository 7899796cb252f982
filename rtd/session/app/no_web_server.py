"""Keeps the import of a program from starting its web server: `app.run()` at the module's level."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from rtd.common.stdlib.originals import os

__all__ = ["no_web_server"]

#: With the first one Flask's `app.run()` returns at once; with the second it prints nothing then.
_VARIABLES: Final = ("FLASK_RUN_FROM_CLI", "WERKZEUG_RUN_MAIN")
_ON: Final = "true"


@contextmanager
def no_web_server() -> Iterator[None]:
    """Set Flask's variables in this block."""
    before = {name: os.environ.get(name) for name in _VARIABLES}
    os.environ.update(dict.fromkeys(_VARIABLES, _ON))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
