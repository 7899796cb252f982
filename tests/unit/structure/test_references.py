"""Every module, class and function that the prose names in backticks exists."""

import ast
import importlib
import re
from functools import cache
from typing import Any

from tests.helpers.prose import Passage, page_passages
from tests.helpers.prose import passages as all_passages
from tests.helpers.source import ROOT, modules
from tests.unit.structure.known import WRONG_REFERENCES

#: A dotted name of ours in backticks: `rtd.model.run_record.Attempt`, with or without arguments.
_NAME = re.compile(r"`((?:rtd|rtctl)(?:\.[A-Za-z_]\w*)+)(?:\([^`]*\))?`")
#: A module that is named without `rtd.`, or by its last folders only.
_SHORT = re.compile(
    r"`((?:common|config|model|language|process|store|protocol|planner|executor|supervisor|rpc)"
    r"\.[a-z_]+(?:\.\w+)+)`"
)
_PATH = re.compile(r"`((?:rtd|rtctl|tests|docs|tools|benchmarks|examples)/[\w./*-]+)`")
#: A class and a part of it, without the module: `Planner.advance`.
_PART = re.compile(r"`([A-Z]\w*[a-z]\w*)\.(\w+)(?:\([^`]*\))?`")
#: Files and a logger that look like modules.
NOT_MODULES = {"rtd.toml", "rtd.sock", "rtd.service", "rtd.task"}
#: Folders that exist only after a command has made them.
MADE_FOLDERS = ("benchmarks/results/", "docs/_build/")


def passages() -> list[Passage]:
    """The prose about the code as it is; the changes name what was."""
    return [passage for passage in all_passages() if passage.path != "CHANGELOG.md"]


def names(passage: Passage) -> list[str]:
    return [name for name in _NAME.findall(passage.text) if name not in NOT_MODULES]


def short_names(passage: Passage) -> list[str]:
    return _SHORT.findall(passage.text)


def exists(name: str) -> bool:
    """Whether a dotted name is a module, or an attribute of one."""
    parts = name.split(".")
    for end in range(len(parts), 0, -1):
        module = ".".join(parts[:end])
        try:
            found = importlib.import_module(module)
        except ModuleNotFoundError as missing:
            if missing.name is None or not f"{module}.".startswith(f"{missing.name}."):
                raise
            continue
        return _has(found, parts[end:])
    return False


def _has(holder: Any, parts: list[str]) -> bool:
    """Whether attributes of attributes exist; a field needs only its annotation."""
    for part in parts:
        if not hasattr(holder, part):
            return part in getattr(holder, "__annotations__", {}) and part == parts[-1]
        holder = getattr(holder, part)
    return True


def test_every_name_in_backticks_exists() -> None:
    wrong = {
        f"{passage.place}: {name}"
        for passage in passages()
        for name in names(passage)
        if name not in WRONG_REFERENCES and not exists(name)
    }
    assert not wrong, "\n".join(sorted(wrong))


def paths(passage: Passage) -> list[str]:
    """The paths of the project in backticks; a word in capitals stands for any name."""
    return [re.sub(r"\b[A-Z][A-Z_]+\b(?!\.md)", "*", path) for path in _PATH.findall(passage.text)]


@cache
def class_parts() -> dict[str, set[str]]:
    """The attributes of each class of ours that has no base of others: what its body and its
    methods set."""
    found, bases = {}, {}
    for module in modules().values():
        for node in ast.walk(module.tree):
            if isinstance(node, ast.ClassDef):
                found[node.name] = _own_parts(node)
                bases[node.name] = [ast.unparse(base).partition("[")[0] for base in node.bases]
    return {
        name: set().union(*(found[each] for each in _line(name, bases)))
        for name in found
        if all(
            base in found or base in _PLAIN_BASES for c in _line(name, bases) for base in bases[c]
        )
    }


_PLAIN_BASES = {"Protocol", "ABC", "Generic"}


def _line(name: str, bases: dict[str, list[str]]) -> list[str]:
    """A class and all classes of ours that it inherits from."""
    return [name, *(up for base in bases[name] if base in bases for up in _line(base, bases))]


def _own_parts(node: ast.ClassDef) -> set[str]:
    parts = {"__init__"}
    for child in ast.walk(node):
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            parts.add(child.name)
        elif isinstance(child, ast.Name) and isinstance(child.ctx, ast.Store):
            parts.add(child.id)
        elif isinstance(child, ast.Attribute) and isinstance(child.ctx, ast.Store):
            parts.add(child.attr)
        elif isinstance(child, ast.Constant) and isinstance(child.value, str):
            parts.add(child.value)  # __slots__
    return parts


def wrong_parts(passage: Passage) -> list[str]:
    """The parts of classes of ours, named without the module, that do not exist."""
    known = class_parts()
    return [
        f"{owner}.{part}"
        for owner, part in _PART.findall(passage.text)
        if owner in known and part not in known[owner]
    ]


def test_every_part_of_a_class_in_backticks_exists() -> None:
    others = "docs/recipes/from-red-engine.md"  # it names parts of Red Engine, too
    ours = [p for p in passages() if p.path != others]
    wrong = [f"{p.place}: {name}" for p in ours for name in wrong_parts(p)]
    assert not wrong, "\n".join(wrong)


def test_every_path_in_backticks_exists() -> None:
    wrong = [
        f"{p.place}: {path}"
        for p in passages()
        for path in paths(p)
        if not path.startswith(MADE_FOLDERS) and not any(ROOT.glob(path.rstrip("/")))
    ]
    assert not wrong, "\n".join(wrong)


def test_every_name_in_backticks_is_whole() -> None:
    wrong = [f"{p.place}: {name}" for p in passages() for name in short_names(p)]
    assert not wrong, "write the whole dotted name: " + "\n".join(wrong)


def test_the_rule_sees_a_name_that_is_gone() -> None:
    page = "Set in `rtd.model.run_record.Attempt`, not `rtd.toml`; `rtd.common.ids.Nothing(x)`."
    (passage,) = page_passages("docs/x.md", page)
    assert names(passage) == ["rtd.model.run_record.Attempt", "rtd.common.ids.Nothing"]
    assert [exists(name) for name in names(passage)] == [True, False]
    (short,) = page_passages("docs/x.md", "`model.run_record.Attempt`, `store.runs`")
    assert short_names(short) == ["model.run_record.Attempt"]
    (parts,) = page_passages(
        "docs/x.md", "`ConnectionPool.call`, `ConnectionPool.gone()`, `Path.x`"
    )
    assert wrong_parts(parts) == ["ConnectionPool.gone"]
    (page_paths,) = page_passages("docs/x.md", "`rtd/store/lua/take.lua`, `rtd/rpc/verbs/VERB.py`")
    assert paths(page_paths) == ["rtd/store/lua/take.lua", "rtd/rpc/verbs/*.py"]
    assert exists("rtd.model.policies.Policies.timeout_s")
    assert not exists("rtd.no_such_module")
    assert not exists("rtd.model.policies.Policies.no_such_field")
