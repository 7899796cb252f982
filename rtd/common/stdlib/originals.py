"""Modules of the standard library as they were before an app could patch them.

What an app patches (`gevent`, or by hand) is for its own code. The code of rtd that runs beside it,
in a zygote or an executor, must go on to fork, wait, reap and connect. So it takes these modules
from here: copies, whose names go on to refer to the original functions.
"""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from operator import itemgetter
from types import ModuleType
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    import os
    import queue
    import select
    import selectors
    import signal
    import socket
    import subprocess
    import threading
    import time

__all__ = [
    "keep_originals", "originals_in_place", "os", "queue", "select", "selectors", "signal",
    "socket", "subprocess", "threading", "time",
]  # fmt: skip

_NAMES: Final = frozenset(__all__) - {"keep_originals", "originals_in_place"}
#: The originals of classes that an app may patch in place.
_METHODS: Final = {"threading": {"Thread": ("__init__", "start", "_bootstrap")}}

_copies: Final[dict[str, ModuleType]] = {}
#: Of each module: the names of its functions and classes, these, and what gets all from a mapping.
_functions: Final[dict[str, tuple[tuple[str, ...], tuple[Any, ...], Callable[[Any], Any]]]] = {}
_methods: Final[list[tuple[type, str, Any]]] = []
_LOCK: Final = import_module("_thread").RLock()
#: How many blocks of `originals_in_place` go on.
_blocks: Final = [0]


def __getattr__(name: str) -> ModuleType:
    if name not in _NAMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    if name not in _copies:
        module = import_module(name)
        copy = ModuleType(name, module.__doc__)
        vars(copy).update(vars(module))
        _copies[name] = copy
        functions = {key: value for key, value in vars(module).items() if callable(value)}
        names = tuple(functions)
        _functions[name] = names, tuple(functions.values()), itemgetter(*names)
        for kind, methods in _METHODS.get(name, {}).items():
            found = getattr(module, kind)
            # A client in a program that was patched before it: a class of the program's own.
            own = [method for method in methods if method in vars(found)]
            _methods.extend((found, method, vars(found)[method]) for method in own)
    return _copies[name]


def keep_originals() -> None:
    """Copy all of the modules now: the code of an app comes next."""
    for name in sorted(_NAMES):
        __getattr__(name)


@contextmanager
def originals_in_place() -> Iterator[None]:
    """Put the originals into the modules themselves, for the time of the block.

    For code of the standard library that uses its own names: the start of a thread, of a process,
    of an event loop. Only what an app has patched is changed, and it is put back.
    """
    with _LOCK:
        patched = [] if _blocks[0] else list(_patched())
        _blocks[0] += 1
        try:
            for owner, name, _, original in patched:
                setattr(owner, name, original)
            yield
        finally:
            _blocks[0] -= 1
            for owner, name, found, _ in patched:
                if found is _MISSING:
                    delattr(owner, name)
                else:
                    setattr(owner, name, found)


_MISSING: Final = object()


def _patched() -> Iterator[tuple[Any, str, Any, Any]]:
    """Find what is not as it was: owner, name, what is there now, what was."""
    for module_name, (names, originals, select_all) in _functions.items():
        module = sys.modules[module_name]
        now = vars(module)
        try:
            if select_all(now) == originals:  # in C: nearly always they are the same
                continue
        except KeyError:  # the app has removed some
            pass
        for name, original in zip(names, originals, strict=True):
            found = now.get(name, _MISSING)
            if found is not original:
                yield module, name, found, original
    for kind, name, original in _methods:
        if vars(kind).get(name) is not original:
            yield kind, name, vars(kind).get(name, _MISSING), original
