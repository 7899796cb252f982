"""Task files in YAML: each maps names of tasks to their options."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, Final, NamedTuple

from rtd.common.errors import PolicyError, RtdError
from rtd.common.version import DISTRIBUTION
from rtd.session.core.session_state import SessionState
from rtd.session.core.signature import inspect_signature
from rtd.session.loaders.py_loader import Loader
from rtd.session.parameters.argument import Private
from rtd.session.parameters.argument_kinds import Arg, EnvArg, Return
from rtd.session.tasks.code_task import CodeTask
from rtd.session.tasks.command_task import CommandTask
from rtd.session.tasks.func_task import FuncTask
from rtd.session.tasks.task import Task

#: The class of a task that names none, by an option that it has.
_IMPLIED: Final = {"command": CommandTask, "code": CodeTask, "path": FuncTask}
#: Tags for parameters whose value is found right before a run.
_TAGS: Final = {f"!{kind.__name__}": kind for kind in (Return, Arg, EnvArg, Private)}


#: In one file.
MAX_VALUES: Final = 100_000


class YAMLLoader(Loader):
    """Reads YAML files, each a mapping of names of tasks to their options.

    ```yaml
    fetch:
      command: curl -sf https://example.com/prices
      start_cond: every 10 minutes
    report:
      class: FuncTask
      path: report.py
      func: main
      start_cond: after task 'fetch'
    ```

    `class` is `FuncTask`, `CommandTask`, `CodeTask` or a class of the app that inherits from
    `rtd.core.Task`; without it the option `path`, `command` or `code` decides. `path` is relative
    to the YAML file. This loader needs PyYAML: `pip install "rtd-daemon[yaml]"`.
    """

    default_glob = "**/*.yaml"

    def __init__(self, path: str | Path | None = None, glob: str | None = None, **more: Any):
        """See `rtd.session.loaders.py_loader.Loader`. Raises PolicyError, also without PyYAML."""
        _yaml()
        super().__init__(path, glob, **more)

    def read(self, session: SessionState, file: Path) -> None:
        """Make the tasks of a file. Raises PolicyError with file and line."""
        for entry in _read(file):
            try:
                task = _make(entry, session, file.parent)
            except (RtdError, TypeError, ValueError) as error:
                raise PolicyError(f"{error} ({file}, line {entry.line})") from None
            task.definition = task.definition.with_info(source=f"{file}:{entry.line}")


class _YamlTask(NamedTuple):
    """A task as a file declares it."""

    name: str
    options: dict[str, Any]
    line: int


def _yaml() -> Any:
    try:
        import yaml  # lazy: an optional dependency
    except ImportError:
        hint = f'pip install "{DISTRIBUTION}[yaml]"'
        raise PolicyError(f"YAMLLoader needs PyYAML: {hint}") from None
    return yaml


def _read(file: Path) -> list[_YamlTask]:
    """Return the tasks of a file, in their order. Raises PolicyError."""
    yaml = _yaml()
    try:
        reader = _reader_class()(file.read_bytes())
        root = reader.get_single_node()
        if root is None:
            return []
        _check_size(root, file)
        return list(_tasks(reader, root, file))
    except RecursionError:
        raise PolicyError(f"values are nested too deep ({file})") from None
    except ValueError as error:  # a date such as 2026-99-99, a number of 5,000 digits
        raise PolicyError(f"a value cannot be read: {error} ({file})") from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f"{file}, line {mark.line + 1}" if mark else str(file)
        problem = getattr(error, "problem", None) or str(error).splitlines()[0]
        raise PolicyError(f"{problem} ({place})") from None


@cache
def _reader_class() -> Any:
    """Return a reader of our own: a tag added to `yaml.SafeLoader` would hold for the whole app."""
    reader: Any = type("TaskFileReader", (_yaml().SafeLoader,), {})
    for tag in _TAGS:
        reader.add_constructor(tag, _argument)
    return reader


def _check_size(root: Any, file: Path) -> None:
    """Check how many values a file has, with each alias counted as all that it stands for.

    Ten lines of aliases of aliases may stand for a thousand million values. Raises PolicyError.
    """
    sizes: dict[int, int] = {}
    begun: set[int] = set()

    def size_of(node: Any) -> int:
        known = sizes.get(id(node))
        if known is not None:
            return known
        line = node.start_mark.line + 1
        if id(node) in begun:
            raise PolicyError(f"a value contains itself ({file}, line {line})")
        begun.add(id(node))
        inner = [] if node.id == "scalar" else node.value
        if node.id == "mapping":
            inner = [part for pair in inner for part in pair]
        size = sizes[id(node)] = 1 + sum(map(size_of, inner))
        if size > MAX_VALUES:
            raise PolicyError(
                f"more than {MAX_VALUES:,} values, with aliases counted as what they stand for"
                f" ({file}, line {line})"
            )
        return size

    size_of(root)


def _tasks(reader: Any, root: Any, file: Path) -> Iterator[_YamlTask]:
    if root.id == "mapping":
        pairs = [(reader.construct_object(key, deep=True), node) for key, node in root.value]
    elif root.id == "sequence":
        pairs = [(None, node) for node in root.value]
    else:
        raise PolicyError(f"neither a mapping of names to tasks nor a list of tasks ({file})")
    names: set[str] = set()
    for key, node in pairs:
        line = node.start_mark.line + 1
        place = f"({file}, line {line})"
        options = reader.construct_object(node, deep=True)
        if not isinstance(options, dict) or not all(isinstance(name, str) for name in options):
            which = "a task" if key is None else f"task {key!r}"
            raise PolicyError(f"{which}: {options!r:.60} is no mapping of options {place}")
        name = options.pop("name", None) if key is None else key
        if name is None:
            raise PolicyError(f"a task of a list needs a name: name: ... {place}")
        if not isinstance(name, str):
            raise PolicyError(f"{name!r} is no name of a task: it must be a text {place}")
        if name in names:
            raise PolicyError(f"task {name!r} stands in this file twice {place}")
        names.add(name)
        yield _YamlTask(name, options, line)


def _argument(reader: Any, node: Any) -> Any:
    """Return the argument that a tag with one text stands for: `!Return get_data`."""
    if node.id != "scalar":
        yaml = _yaml()
        raise yaml.constructor.ConstructorError(
            None, None, f"{node.tag} takes one text", node.start_mark
        )
    return _TAGS[node.tag](reader.construct_scalar(node))


def _make(entry: _YamlTask, session: SessionState, folder: Path) -> Task:
    options = dict(entry.options)
    if "session" in options:
        raise PolicyError(f"task {entry.name!r}: a task of a file is in its loader's session")
    kind = _kind(options)
    if kind is FuncTask:
        if "path" not in options:
            raise PolicyError(f"task {entry.name!r}: in which file is its function? path: ...")
        options.setdefault("func_name", "main")
        for key in ("path", "func", "func_name"):
            if not isinstance(options.get(key, ""), str):
                raise PolicyError(f"task {entry.name!r}: {key}: {options[key]!r:.60} is no text")
        options["func_name"] = options.pop("func", options["func_name"])
        options["path"] = folder / options["path"]
    try:
        inspect_signature(kind).bind(session=session, name=entry.name, **options)
    except TypeError as error:
        raise PolicyError(f"task {entry.name!r}: {kind.__name__}: {error}") from None
    return kind(session=session, name=entry.name, **options)


def _kind(options: dict[str, Any]) -> type[Task]:
    """Return the class of a task. Raises PolicyError."""
    name = options.pop("class", None)
    if name is None:
        for option, kind in _IMPLIED.items():
            if option in options:
                return kind
        raise PolicyError("what kind of task is it? Say class, path, command or code")
    found = [kind for kind in _kinds(Task) if kind.__name__ == name or _full(kind) == name]
    if len(found) == 1:
        return found[0]
    if found:
        listed = ", ".join(map(_full, found))
        raise PolicyError(f"class: there are several {name}: {listed}; write one of these")
    known = ", ".join(sorted({kind.__name__ for kind in _kinds(Task)}))
    raise PolicyError(f"class: there is no kind of task {name!r}; known: {known}")


def _kinds(base: type[Task]) -> list[type[Task]]:
    """Return the classes below a class whose instances are tasks, that class included."""
    found = [] if base is Task or base.is_made_per_run else [base]
    for kind in base.__subclasses__():
        found += _kinds(kind)
    return list(dict.fromkeys(found))


def _full(kind: type[Task]) -> str:
    return f"{kind.__module__}.{kind.__qualname__}"
