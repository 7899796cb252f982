"""How big a file, a function, a constructor and a folder may grow."""

import ast
from collections import Counter
from pathlib import PurePath

from tests.helpers.source import (
    ROOT,
    Module,
    folder,
    functions,
    is_generated,
    modules,
)
from tests.unit.structure.known import LONG_FILES

LONGEST_FILE = 250
LONGEST_FUNCTION = 50
MOST_PARAMETERS = 8
MOST_MODULES = 16
#: Folders of one file for each verb, command or condition: they grow with what rtd offers, and
#: each file is found by the word that a user types.
ONE_FILE_EACH = {"rtd.rpc.verbs", "rtctl.commands", "rtd.language.leaves"}


#: The folders of the files that a tool writes.
GENERATED = ("rtctl/generated/", "rtctl/aio/")


def long_files(found: list[Module]) -> set[str]:
    return {
        str(module.path.relative_to(ROOT))
        for module in found
        if len(module.text.splitlines()) > LONGEST_FILE and not is_generated(module)
    }


def long_functions(found: list[Module]) -> list[str]:
    return [
        f"{module.name}.{name}: {lines} lines"
        for module in found
        for name, lines in functions(module)
        if lines > LONGEST_FUNCTION
    ]


def crowded(names: list[str]) -> dict[str, int]:
    """The folders of more modules than a reader takes in at a glance."""
    counts = Counter(folder(name) for name in names)
    return {name: n for name, n in counts.items() if n > MOST_MODULES and name not in ONE_FILE_EACH}


def wide_constructors(found: list[Module]) -> list[str]:
    return [
        f"{module.name}.{cls.name}: {count} parameters"
        for module in found
        for cls in ast.walk(module.tree)
        if isinstance(cls, ast.ClassDef)
        for method in cls.body
        if isinstance(method, ast.FunctionDef) and method.name == "__init__"
        and (count := _parameters(method)) > MOST_PARAMETERS
    ]  # fmt: skip


def _parameters(method: ast.FunctionDef) -> int:
    arguments = method.args
    return len(arguments.posonlyargs) + len(arguments.args) + len(arguments.kwonlyargs) - 1


def ours() -> list[Module]:
    return list(modules().values())


def holds_code(module: Module) -> bool:
    """Whether a file counts as a module: a package's own file counts if it defines something."""
    defined = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
    return not module.is_package or any(isinstance(node, defined) for node in module.tree.body)


def module_names(found: list[Module]) -> list[str]:
    """The names of all modules, a package's own file as one in it."""
    return [
        f"{module.name}.__init__" if module.is_package else module.name
        for module in found
        if holds_code(module)
    ]


def test_no_file_is_too_long() -> None:
    found = sorted(long_files(ours()) - LONG_FILES)
    assert not found, f"more than {LONGEST_FILE} lines: {', '.join(found)}"


def test_only_tools_write_without_limit() -> None:
    made = [str(module.path.relative_to(ROOT)) for module in ours() if is_generated(module)]
    assert [path for path in made if not path.startswith(GENERATED)] == []


def test_no_function_is_too_long() -> None:
    found = long_functions(ours())
    assert not found, "\n".join(found)


def test_no_constructor_takes_too_much() -> None:
    found = wide_constructors(ours())
    assert not found, "\n".join(found)


def test_no_folder_holds_too_many_modules() -> None:
    found = crowded(module_names(ours()))
    assert not found, f"more than {MOST_MODULES} modules: {found}"


def made(name: str, text: str) -> Module:
    """A module of the given text."""
    path = ROOT / PurePath(*name.split(".")).with_suffix(".py")
    return Module(name, path, text, ast.parse(text))


def test_the_rules_see_what_is_too_big() -> None:
    long = made("rtd.x.long", "x = 1\n" * (LONGEST_FILE + 1))
    assert long_files([long]) == {"rtd/x/long.py"}
    tool_made = made("rtd.x.made", '"""Made by `python -m tools.x`."""\n' + long.text)
    assert long_files([tool_made]) == set()
    body = "    x = 1\n" * LONGEST_FUNCTION
    assert long_functions([made("rtd.x.f", f"def f():\n{body}")]) == ["rtd.x.f.f: 51 lines"]
    wide = "class A:\n    def __init__(self, a, b, c, d, e, f, g, *, h, i): pass\n"
    assert wide_constructors([made("rtd.x.a", wide)]) == ["rtd.x.a.A: 9 parameters"]
    kinds = [made("rtd.x.one", "x = 1"), made("rtd.x.__init__", "def f(): pass")]
    assert module_names(kinds) == ["rtd.x.one", "rtd.x.__init__.__init__"]
    assert crowded([f"rtd.x.m{i}" for i in range(MOST_MODULES + 1)]) == {"rtd.x": 17}
    assert crowded([f"rtctl.commands.m{i}" for i in range(MOST_MODULES + 1)]) == {}
