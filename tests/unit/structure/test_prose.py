"""The prose is plain English: some wordings hide who does what, and do not occur."""

import re
from collections import Counter
from collections.abc import Iterable

from tests.helpers.prose import Passage, page_passages, passages, passages_of
from tests.unit.structure.known import PROSE

#: A wording, and what to write instead.
NOT_PLAIN = {
    r"who(so)?ever": "name the one who acts: 'the caller', 'a client that waits'",
    r"whatever": "'any', 'all', or name the thing",
    r"nobody": "'no client', 'no process', 'nothing'",
    r"somebody": "'a client', 'a user', 'another process'",
    r"anew": "'again'",
    r"of before": "'earlier', 'previous'",
    r"what of the app's": "name the part of the app",
    r"that (it is|they are) to": "'must', 'should'",
    r"(is|are) (told|asked|looked at)": "say who tells, asks or reads what",
}
_WORDS = re.compile("|".join(rf"\b{pattern}\b" for pattern in NOT_PLAIN), re.IGNORECASE)
#: "What the zygotes say" leaves out the subject; a first line names what the thing does or is.
_WHAT_FIRST = re.compile(r"What\b")


def complaint(passage: Passage) -> str | None:
    """What is wrong with a passage, with a hint, or None."""
    if found := _WORDS.search(passage.text):
        hint = next(
            hint for pattern, hint in NOT_PLAIN.items()
            if re.fullmatch(pattern, found[0], re.IGNORECASE)
        )  # fmt: skip
        return f"{passage.place}: {found[0]!r} ({hint})"
    if passage.kind == "docstring" and _WHAT_FIRST.match(passage.text):
        return f"{passage.place}: {passage.text[:40]!r} (begin with what it does or is)"
    return None


def complaints(found: Iterable[Passage]) -> dict[str, list[str]]:
    """All complaints by folder."""
    by_folder: dict[str, list[str]] = {}
    for passage in found:
        if wrong := complaint(passage):
            by_folder.setdefault(passage.folder, []).append(wrong)
    return by_folder


def test_prose_is_plain() -> None:
    more = {
        folder: wrong
        for folder, wrong in complaints(passages()).items()
        if len(wrong) > PROSE.get(folder, 0)
    }
    assert not more, "\n".join(line for wrong in more.values() for line in wrong)


def test_the_rule_sees_each_wording_wherever_it_stands() -> None:
    source = '''"""What it is for."""

# It goes to
# whoever waits.
def f(x):
    """Do it
    anew."""
    return f"nobody {x}"
'''
    wrong = complaints(passages_of("rtd/x.py", source))["rtd"]
    assert Counter(line.split(":")[1] for line in wrong) == {"1": 1, "3": 1, "6": 1, "8": 1}
    page = "# Title\n\nGood.\n\n```text\nwhatever\n```\n\nThe run is\nasked to end.\n"
    assert [
        line.partition(" (")[0] for line in complaints(page_passages("docs/x.md", page))["docs"]
    ] == ["docs/x.md:9: 'is asked'"]
    assert complaints(passages_of("rtd/y.py", '"""Return what a run printed."""\n')) == {}
