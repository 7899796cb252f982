"""Apps that patch the standard library: gevent's `monkey.patch_all()` and eventlet's.

Such a patch turns the threads, sockets and processes of a whole interpreter into something else.
In a zygote all lanes would change their meaning, so here the call does nothing and is written down.
"""

import sys
from collections.abc import Callable, Sequence
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from types import ModuleType
from typing import Any, Final

__all__ = ["RefusedPatches", "refuse_patches"]

#: Modules that patch, with the beginning of the names of their functions that do.
_PATCHING: Final = {"gevent.monkey": "patch_", "eventlet.patcher": "monkey_patch"}
#: Functions of these that patch nothing of others by themselves.
_HARMLESS: Final = frozenset({"patch_item", "patch_module"})
_EFFECT: Final = (
    "does nothing in rtd, so that threads, sockets and processes stay what they are in its lanes;"
    " tasks with lane='greenlet' run where gevent has patched them"
)


class RefusedPatches:
    """The calls that did nothing: while the app was imported, and later in its runs."""

    def __init__(self) -> None:
        self._calls: list[str] = []
        self._is_imported = False

    def add(self, name: str, place: str) -> None:
        """Write down a call; a call of a run, into the output of the run."""
        call = f"{name}() at {place}"
        if self._is_imported:
            print(f"rtd: {call} {_EFFECT}", file=sys.stderr)
        else:
            self._calls.append(call)

    def describe(self, app: str) -> list[str]:
        """Return a sentence on the calls while the app was imported; none: no sentence."""
        self._is_imported = True
        calls, self._calls = self._calls, []
        if not calls:
            return []
        names = ", ".join(calls[:3]) + (", ..." if len(calls) > 3 else "")
        return [f"app {app} patches the standard library: {names} {_EFFECT}"]


def refuse_patches() -> RefusedPatches:
    """Let calls that patch the standard library do nothing from now on. Returns those calls."""
    refused = RefusedPatches()
    sys.meta_path.insert(0, _Finder(refused))
    return refused


class _Finder:
    """Finds the modules that patch; for all others it costs a look into a table."""

    def __init__(self, refused: RefusedPatches) -> None:
        self._refused = refused
        self._is_searching = False

    def find_spec(
        self, name: str, _path: Sequence[str] | None, _target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return where a module that patches is, with a loader that takes the patches away."""
        if name not in _PATCHING or self._is_searching:
            return None
        self._is_searching = True
        try:
            spec = find_spec(name)
        finally:
            self._is_searching = False
        if spec is not None and spec.loader is not None:
            loader: Any = _Loader(spec.loader, self._refused)
            spec.loader = loader
        return spec


class _Loader:
    """Loads a module, then puts something harmless in the place of the functions that patch.

    It has no base: `importlib.abc` brings 2 MB into every zygote.
    """

    def __init__(self, loader: Any, refused: RefusedPatches) -> None:
        self._loader = loader
        self._refused = refused

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        made: ModuleType | None = self._loader.create_module(spec)
        return made

    def exec_module(self, module: ModuleType) -> None:
        if module.__spec__ is not None:
            module.__spec__.loader = self._loader
        module.__loader__ = self._loader
        self._loader.exec_module(module)
        start = _PATCHING[module.__name__]
        for name, found in list(vars(module).items()):
            if name.startswith(start) and name not in _HARMLESS and callable(found):
                setattr(module, name, _recorder(f"{module.__name__}.{name}", self._refused))


def _recorder(name: str, refused: RefusedPatches) -> Callable[..., bool]:
    def record(*_args: Any, **_options: Any) -> bool:
        caller = sys._getframe(1)
        refused.add(name, f"{caller.f_code.co_filename}:{caller.f_lineno}")
        return False

    return record
