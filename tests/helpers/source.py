"""Reads the project's own source: its modules, what they import, and how long their parts are."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
#: Functions that import a module by its name.
IMPORTERS = {"import_module", "__import__", "resolve_name", "run_module"}
#: Apps and programs that tests start.
PROGRAMS = ROOT / "tests" / "programs"


@dataclass(frozen=True, eq=False)
class Module:
    """One Python file of the project."""

    name: str
    path: Path
    text: str
    tree: ast.Module

    @property
    def is_package(self) -> bool:
        return self.path.name == "__init__.py"


@dataclass(frozen=True)
class Import:
    """One imported name: `target` is the module, or module and name where it may be either."""

    target: str
    line: int
    in_function: bool
    for_types: bool
    by_name: bool = False


@cache
def modules() -> dict[str, Module]:
    """All modules of rtd and rtctl by their dotted names."""
    found = {}
    for top in ("rtd", "rtctl"):
        for path in sorted((ROOT / top).rglob("*.py")):
            parts = path.relative_to(ROOT).with_suffix("").parts
            name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
            text = path.read_text()
            found[name] = Module(name, path, text, ast.parse(text, str(path)))
    return found


@cache
def imports(module: Module) -> tuple[Import, ...]:
    """Everything that a module imports, at any place in it."""
    return tuple(_imports(module, module.tree, in_function=False, for_types=False))


def _imports(
    module: Module, node: ast.AST, *, in_function: bool, for_types: bool
) -> Iterator[Import]:
    for child in ast.iter_child_nodes(node):
        inside = in_function or isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef)
        typed = for_types or _is_type_checking(child)
        if isinstance(child, ast.Import):
            for alias in child.names:
                yield Import(alias.name, child.lineno, in_function, for_types)
        elif isinstance(child, ast.ImportFrom):
            base = _absolute(module, child)
            for alias in child.names:
                yield Import(f"{base}.{alias.name}", child.lineno, in_function, for_types)
        elif isinstance(child, ast.Call) and (name := _imported_by_name(child)):
            yield Import(name, child.lineno, in_function, for_types, by_name=True)
        yield from _imports(module, child, in_function=inside, for_types=typed)


def _imported_by_name(call: ast.Call) -> str:
    """The module that `import_module("rtd.x")` names, or what is fixed of its name; else ''."""
    if ast.unparse(call.func).rpartition(".")[2] not in IMPORTERS or not call.args:
        return ""
    first = call.args[0]
    if isinstance(first, ast.JoinedStr) and first.values:
        first = first.values[0]
    fixed = first.value if isinstance(first, ast.Constant) else ""
    return fixed.rstrip(".") if isinstance(fixed, str) else ""


def _is_type_checking(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING")


def _absolute(module: Module, node: ast.ImportFrom) -> str:
    """The full name of the module that a `from X import ...` reads."""
    if not node.level:
        return node.module or ""
    parts = module.name.split(".")
    keep = len(parts) - node.level + (1 if module.is_package else 0)
    return ".".join([*parts[:keep], *([node.module] if node.module else [])])


@cache
def import_graph(*, for_order: bool = False) -> dict[str, set[str]]:
    """Which of the project's modules each of them imports.

    All imports count, lazy and type-only ones, too. `for_order` leaves those two out: what is left
    is the order in which Python loads the modules.
    """
    graph: dict[str, set[str]] = {name: set() for name in modules()}
    for module in modules().values():
        for found in imports(module):
            target = our_module(found.target)
            if target is None or target == module.name:
                continue
            if not (for_order and (found.in_function or found.for_types)):
                graph[module.name].add(target)
    return graph


def folder(name: str) -> str:
    """The folder of a module, as a package's name."""
    known = modules()
    return name if name in known and known[name].is_package else name.rpartition(".")[0]


def folder_graph(graph: dict[str, set[str]]) -> dict[str, set[str]]:
    """Which folders the modules of each folder import, that folder itself left out."""
    folders: dict[str, set[str]] = {}
    for name, targets in graph.items():
        mine = folder(name)
        folders.setdefault(mine, set()).update(folder(target) for target in targets)
        folders[mine].discard(mine)
    return folders


def is_generated(module: Module) -> bool:
    """Whether a tool of the project writes this module."""
    return "Made by `python -m tools." in (ast.get_docstring(module.tree) or "")


def place(module: Module, line: int) -> str:
    return f"{module.path.relative_to(ROOT)}:{line}"


@cache
def our_module(target: str) -> str | None:
    """The project's module that an import's target lies in, or None for one of others."""
    known = modules()
    while target:
        if target in known:
            return target
        target = target.rpartition(".")[0]
    return None


def attributes(module: Module) -> Iterator[tuple[str, int]]:
    """All dotted uses such as `os.fork`, with their lines."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            yield f"{node.value.id}.{node.attr}", node.lineno


def functions(module: Module) -> Iterator[tuple[str, int]]:
    """All functions with how many lines each has, its docstring not counted."""
    for node in ast.walk(module.tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            if ast.get_docstring(node) is not None:
                first = node.body[0]
                lines -= (first.end_lineno or first.lineno) - first.lineno + 1
            yield node.name, lines


def cycles(graph: dict[str, set[str]]) -> list[list[str]]:
    """The groups of nodes that can reach each other (Tarjan's strongly connected components)."""
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    found: list[list[str]] = []

    def visit(node: str) -> None:
        index[node] = low[node] = len(index)
        stack.append(node)
        for other in sorted(graph.get(node, ())):
            if other not in index:
                visit(other)
                low[node] = min(low[node], low[other])
            elif other in stack:
                low[node] = min(low[node], index[other])
        if low[node] == index[node]:
            start = stack.index(node)
            group = stack[start:]
            del stack[start:]
            if len(group) > 1 or node in graph.get(node, ()):
                found.append(sorted(group))

    for node in sorted(graph):
        if node not in index:
            visit(node)
    return found
