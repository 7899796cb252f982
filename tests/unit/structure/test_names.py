"""Names are made of words that have one meaning: those of the glossary, and ordinary ones."""

import ast
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path

from tests.helpers.source import ROOT, Module, is_generated, modules
from tests.unit.structure.known import SAME_CLASS_NAMES

#: Ordinary words of English and of programming, in the singular.
PLAIN_WORDS = Path(__file__).with_name("plain_words.txt")
GLOSSARY = ROOT / "docs" / "design.md"
#: Verbs that each stood for many different things. `store.runs.take(...)`, `parse`, `send`,
#: `wait_for` and `registry.add` say which of them is meant.
BANNED_METHODS = {
    "ask", "look", "serve", "carry_out", "note", "keep", "rung", "held", "apart", "texts",
}  # fmt: skip


def hand_written() -> list[Module]:
    return [module for module in modules().values() if not is_generated(module)]


def classes(found: Iterable[Module]) -> Iterator[tuple[Module, ast.ClassDef]]:
    for module in found:
        for node in ast.walk(module.tree):
            if isinstance(node, ast.ClassDef):
                yield module, node


def glossary(page: str) -> set[str]:
    """The words of the tables under the heading `Glossary`, each in the singular."""
    section = page.partition("\n## Glossary\n")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| ([^|]+) \|", section, re.MULTILINE)
    return {word for row in rows for word in re.findall(r"[a-z]+", row.lower()) if row != "word"}


def words(name: str) -> list[str]:
    """The words of a module's or a class's name."""
    return [word.lower() for word in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", name)]


def is_known(word: str, known: set[str]) -> bool:
    """Whether a word or its singular is known."""
    singulars = (word, word.removesuffix("s"), word.removesuffix("es"), re.sub("ies$", "y", word))
    return any(singular in known for singular in singulars)


def odd(names: Iterable[tuple[str, str]], known: set[str]) -> list[str]:
    """The words that no list has, with where each occurs."""
    return [
        f"{place}: {word!r}"
        for place, name in names
        for word in words(name)
        if not is_known(word, known)
    ]


def named(found: list[Module]) -> Iterator[tuple[str, str]]:
    """The names of all modules and public classes, with where they are."""
    for module in found:
        yield module.name, module.name.rpartition(".")[2]
    for module, node in classes(found):
        if not node.name.startswith("_"):
            yield f"{module.name}.{node.name}", node.name


def repeated(found: list[Module]) -> dict[str, list[str]]:
    """The class names that stand for several classes, with their modules."""
    homes = defaultdict(list)
    for module, node in classes(found):
        homes[node.name].append(module.name)
    return {name: places for name, places in homes.items() if len(places) > 1}


def banned_methods(found: list[Module]) -> list[str]:
    return [
        f"{module.name}.{cls.name}.{method.name}"
        for module, cls in classes(found)
        for method in cls.body
        if isinstance(method, ast.FunctionDef | ast.AsyncFunctionDef)
        and method.name in BANNED_METHODS
    ]


def known_words() -> set[str]:
    return glossary(GLOSSARY.read_text()) | set(PLAIN_WORDS.read_text().split())


def test_names_are_made_of_known_words() -> None:
    wrong = odd(named(hand_written()), known_words())
    assert not wrong, (
        "\n".join(wrong) + "\nTake the field's standard term; is the word one that a reader of rtd "
        "must learn, add it to the glossary in docs/design.md; is it ordinary English or a common "
        f"term of programming, add it to {PLAIN_WORDS.relative_to(ROOT)}."
    )


def test_a_word_of_the_glossary_is_not_called_ordinary() -> None:
    assert sorted(glossary(GLOSSARY.read_text()) & set(PLAIN_WORDS.read_text().split())) == []


def test_ordinary_words_are_in_order_and_in_use() -> None:
    lines = PLAIN_WORDS.read_text().splitlines()
    assert lines == sorted(set(lines))
    used = {word for _, name in named(hand_written()) for word in words(name)}
    assert [line for line in lines if not any(is_known(word, {line}) for word in used)] == []


def test_a_class_name_stands_for_one_class() -> None:
    more = {
        n: places for n, places in repeated(hand_written()).items() if n not in SAME_CLASS_NAMES
    }
    assert more == {}


def test_no_method_has_a_name_of_many_meanings() -> None:
    assert banned_methods(hand_written()) == []


def test_the_rules_see_a_wrong_name() -> None:
    text = "class RunGlimpse:\n    def ask(self): ...\n\nclass RunGlimpse: ...\nclass _Hidden: ..."
    module = Module("rtd.x.blorps", ROOT / "rtd" / "x.py", text, ast.parse(text))
    assert set(odd(named([module]), {"run", "x"})) == {
        "rtd.x.blorps: 'blorps'",
        "rtd.x.blorps.RunGlimpse: 'glimpse'",
    }
    assert odd(named([module]), {"run", "blorp", "glimpse"}) == []
    assert repeated([module]) == {"RunGlimpse": ["rtd.x.blorps", "rtd.x.blorps"]}
    assert banned_methods([module]) == ["rtd.x.blorps.RunGlimpse.ask"]
    table = "| word | meaning |\n|---|---|\n| run | x |\n| stop, kill | y |\n"
    page = f"# A\n\n## Glossary\n\n{table}\n## B\n\n| no | z |\n"
    assert glossary(page) == {"run", "stop", "kill"}
    assert words("RPCServer_x2") == ["rpc", "server", "x"]
