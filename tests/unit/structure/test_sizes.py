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


def test_no_file_is_too_long() -> None:
    assert sorted(long_files(ours()) - LONG_FILES) == []


def test_no_function_is_too_long() -> None:
    assert long_functions(ours()) == []


def test_no_constructor_takes_too_much() -> None:
    assert wide_constructors(ours()) == []


def test_no_folder_holds_too_many_modules() -> None:
    assert crowded([module.name for module in ours() if not module.is_package]) == {}


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
    assert crowded([f"rtd.x.m{i}" for i in range(MOST_MODULES + 1)]) == {"rtd.x": 17}
    assert crowded([f"rtctl.commands.m{i}" for i in range(MOST_MODULES + 1)]) == {}
