"""Every module, class and function that the prose names in backticks exists."""

import importlib
import re
from typing import Any

from tests.helpers.prose import Passage, page_passages
from tests.helpers.prose import passages as all_passages
from tests.helpers.source import ROOT
from tests.unit.structure.known import WRONG_REFERENCES

#: A dotted name of ours in backticks: `rtd.model.run_record.Attempt`, with or without arguments.
_NAME = re.compile(r"`((?:rtd|rtctl)(?:\.[A-Za-z_]\w*)+)(?:\([^`]*\))?`")
#: A module that is named without `rtd.`, or by its last folders only.
_SHORT = re.compile(
    r"`((?:common|config|model|language|process|store|protocol|planner|executor|supervisor|rpc)"
    r"\.[a-z_]+(?:\.\w+)+)`"
)
_PATH = re.compile(r"`((?:rtd|rtctl|tests|docs|tools|benchmarks|examples)/[\w./*-]+)`")
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
    (page_paths,) = page_passages("docs/x.md", "`rtd/store/lua/take.lua`, `rtd/rpc/verbs/VERB.py`")
    assert paths(page_paths) == ["rtd/store/lua/take.lua", "rtd/rpc/verbs/*.py"]
    assert exists("rtd.model.policies.Policies.timeout_s")
    assert not exists("rtd.no_such_module")
    assert not exists("rtd.model.policies.Policies.no_such_field")
