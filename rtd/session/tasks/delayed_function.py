"""A function in a file that is imported only when it is needed, and again when it has changed."""

from __future__ import annotations

import ast
import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

from rtd.common.stdlib.originals import os, threading
from rtd.session.core.app_folders import add_app_folder, check_task_file
from rtd.session.core.import_file import package_root
from rtd.session.core.signature import TaskSignature, first_line
from rtd.session.parameters.parameters import default_arguments


class _FileVersion(NamedTuple):
    """The version of a file, by which a replaced or written file is recognised."""

    inode: int
    size: int
    changed_ns: int


class DelayedFunction:
    """Called like the function. Loads the function from its file first.

    Args:
        path: the file, relative to the working directory at this moment, not at the run.
        name: of the function.
    """

    def __init__(self, path: Path, name: str) -> None:
        self.path = path.absolute()
        self.name = name
        self.__name__ = name
        self._module: ModuleType | None = None
        self._version: _FileVersion | None = None
        self._one_at_a_time = threading.Lock()
        #: Whether the function was found in the file's source.
        self.is_known = False
        #: Why the file is no Python, as its signature was read; empty: it is.
        self.syntax_error = ""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        function = self.load()
        unresolved = sorted(default_arguments(function).keys() - kwargs.keys())
        if unresolved:
            raise TypeError(
                f"the parameter {unresolved[0]!r} has an argument of rtd's in its signature, which"
                f" could not be read when the task was declared: write it into parameters={{...}}"
            )
        return function(*args, **kwargs)

    def load(self) -> Any:
        """Return the function as it is in the file now.

        Raises:
            ImportError: the file is not there, does not import, or has no such function.
            AppError: root runs this, and another user could change the file.
        """
        try:
            status = self.path.stat()
        except OSError as error:
            raise ImportError(f"{self.path} cannot be read: {error.strerror}") from None
        check_task_file(self.path)
        version = _FileVersion(status.st_ino, status.st_size, status.st_mtime_ns)
        with self._one_at_a_time:
            if self._module is None or version != self._version:
                self._module = _import(self.path)
                self._version = version
            found = getattr(self._module, self.name, None)
        if not callable(found):
            raise ImportError(f"{self.path} has no function {self.name!r}")
        return found

    def read_signature(self) -> TaskSignature:
        """Return the signature by the file's source, without importing it.

        A file that does not exist (yet), is no Python or has no such function gives no parameters.
        """
        unknown = TaskSignature(any_parameters=True, source=str(self.path))
        try:
            tree = ast.parse(self.path.read_bytes(), str(self.path))
        except (OSError, ValueError):
            return unknown
        except (MemoryError, RecursionError) as error:
            self.syntax_error = f"{self.path}: nested too deep ({type(error).__name__})"
            return unknown
        except SyntaxError as error:
            self.syntax_error = f"{self.path}, line {error.lineno}: {error.msg}"
            return unknown
        for node in tree.body:
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name == self.name:
                self.is_known = True
                return _signature_of(node, self.path)
        return unknown


def _signature_of(node: ast.FunctionDef | ast.AsyncFunctionDef, path: Path) -> TaskSignature:
    taken = node.args
    plain = [*taken.posonlyargs, *taken.args]
    first_default = len(plain) - len(taken.defaults)
    named = [(arg.arg, at < first_default) for at, arg in enumerate(plain)]
    pairs = zip(taken.kwonlyargs, taken.kw_defaults, strict=True)
    named += [(arg.arg, default is None) for arg, default in pairs]
    return TaskSignature(
        parameters=tuple(named[len(taken.posonlyargs) :]),
        any_parameters=taken.kwarg is not None,
        is_async=isinstance(node, ast.AsyncFunctionDef),
        doc=first_line(ast.get_docstring(node)),
        source=f"{path}:{node.lineno}",
    )


def _import(path: Path) -> ModuleType:
    """Import a file again, under the name that it has from the root of its package.

    The root is put on `sys.path`, so that the file's own imports are found, behind Python's own.
    """
    root, name = package_root(path)
    add_app_folder(root)
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path} is no Python file")
    module = importlib.util.module_from_spec(spec)
    before = sys.modules.get(name)
    sys.modules[name] = module
    try:
        # Not by bytecode: Python misses a change of the file within the same second.
        code = compile(path.read_bytes(), os.fspath(path), "exec")
        exec(code, module.__dict__)
    except BaseException:
        if before is None:
            sys.modules.pop(name, None)
        else:
            sys.modules[name] = before
        raise
    return module
