"""The pages use ordinary words: no pictures, no task that speaks of itself."""

import re
from collections import Counter

from tests.helpers.prose import Passage, page_passages, passages
from tests.unit.structure.known import PAGE_WORDS

#: A wording that stops a reader, and what to write instead.
NOT_ON_PAGES = {
    r"go(es|ing)? on": "'continues', 'is running'",
    r"leaf": "'condition', 'part of a condition'",
    r"(?<!do )I|mine|my": "name the task, the run or the daemon",
    r"due moments?": "'start time', 'the time at which the task is due'",
    r"(has|have) left home|lives? on": "say what the process does",
    r"for ever": "'without end'",
    r"hold(s|ing)? up": "'delays', 'blocks'",
    r"work(s|ed)? off": "'processes', 'executes'",
    r"carr(y|ies|ied|ying) out": "'executes', 'runs'",
    r"(is|are|was|were) over": "'has ended'",
    r"(hears?|heard|tells?|told) of": "'learns of', 'reports'",
    r"(?<=[,;] )else": "'otherwise'",
    r"in the place of|takes? (the|whose) place": "'instead of', 'replaces'",
}
_WORDS = re.compile("|".join(rf"\b(?:{pattern})\b" for pattern in NOT_ON_PAGES))
_CODE = re.compile(r"`[^`]*`|\bI/O\b|<!--.*?-->")
#: Pages for developers, which use the glossary; what was; what a program writes.
NOT_READ = (
    "CHANGELOG.md", "CONTRIBUTING.md", "benchmarks/README.md", "docs/design.md",
    "docs/reference/protocol.md",
)  # fmt: skip


def wordings(passage: Passage) -> list[str]:
    """The wordings of a passage that are not for pages. What is in backticks is code."""
    return [found[0] for found in _WORDS.finditer(_CODE.sub("", passage.text))]


def test_pages_use_ordinary_words() -> None:
    pages = [p for p in passages() if p.kind == "page" and p.path not in NOT_READ]
    wrong = [(p.path, f"{p.place}: {word!r}") for p in pages for word in wordings(p)]
    counts = Counter(path for path, _ in wrong)
    more = [line for path, line in wrong if counts[path] > PAGE_WORDS.get(path, 0)]
    assert not more, "\n".join([*more, "", *(f"{a}: {b}" for a, b in NOT_ON_PAGES.items())])


def test_the_rule_sees_a_wording() -> None:
    text = "It goes on, and `go on` is code.\n\n```text\nmy leaf\n```\n\nI/O of a leaf. My task.\n"
    assert [word for p in page_passages("docs/x.md", text) for word in wordings(p)] == [
        "goes on", "leaf",
    ]  # fmt: skip
