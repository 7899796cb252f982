"""Every link to a page, a file or a heading of the project leads there; no page is left out."""

import re
from collections import Counter
from functools import cache
from pathlib import Path
from typing import NamedTuple

from tests.helpers.prose import PAGES, files
from tests.helpers.source import ROOT

DOCS = ROOT / "docs"
INDEX = DOCS / "index.md"
_FENCE = re.compile(r"^( *)(```+)(.*?)\n(.*?)^\1\2\s*$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^(#{1,3}) (.+)$", re.MULTILINE)  # deeper ones have no anchor on the site
_ELSEWHERE = ("http:", "https:", "mailto:")


class Link(NamedTuple):
    """A link of a page, with the path that it leads to and the anchor there."""

    place: str
    text: str
    path: Path
    anchor: str


def prose_of(source: str) -> str:
    """A page without what is code, each line in its place."""
    blank = _FENCE.sub(lambda block: "\n" * block[0].count("\n"), source)
    return re.sub(r"`[^`\n]*`", "``", blank)


def links(page: Path, source: str) -> list[Link]:
    """The links of a page that stay within the project."""
    found = []
    for number, line in enumerate(prose_of(source).splitlines(), 1):
        for text in _LINK.findall(line):
            if not text.startswith(_ELSEWHERE):
                target, _, anchor = text.partition("#")
                path = (page.parent / target).resolve() if target else page
                found.append(Link(f"{page.relative_to(ROOT)}:{number}", text, path, anchor))
    return found


def anchors(source: str) -> set[str]:
    """The anchors of the headings of a page, as GitHub and the site make them."""
    blank = _FENCE.sub("", source)
    texts = (
        re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", found[2]) for found in _HEADING.finditer(blank)
    )
    slugs = [re.sub(r"[^\w\- ]", "", text.strip().lower()).replace(" ", "-") for text in texts]
    seen: Counter[str] = Counter()
    result = set()
    for slug in slugs:
        result.add(f"{slug}-{seen[slug]}" if seen[slug] else slug)
        seen[slug] += 1
    return result


@cache
def anchors_of(page: Path) -> set[str]:
    return anchors(page.read_text())


def is_broken(link: Link) -> bool:
    """Whether a link leads to nothing."""
    if not link.path.exists():
        return True
    return bool(link.anchor) and link.anchor not in anchors_of(link.path)


def listed(page: Path) -> list[Path]:
    """The pages in the tables of contents of a page."""
    blocks = [found[4] for found in _FENCE.finditer(page.read_text()) if "{toctree}" in found[3]]
    lines = (line.strip() for block in blocks for line in block.splitlines())
    return [page.parent / f"{line}.md" for line in lines if line and not line.startswith(":")]


def test_every_link_leads_somewhere() -> None:
    found = [link for page in files(PAGES, "*.md") for link in links(page, page.read_text())]
    broken = [f"{link.place}: {link.text}" for link in found if is_broken(link)]
    assert not broken, "\n".join(broken)
    assert len(found) > 100


def test_every_page_of_the_site_is_in_one_table_of_contents() -> None:
    pages = [page for page in files(("docs",), "*.md") if "man" not in page.parts]
    counts = Counter(path for page in pages for path in listed(page))
    assert {str(page): counts[page] for page in pages if counts[page] != 1} == {str(INDEX): 0}


def test_the_start_page_links_all_guides_and_lists_them_in_its_own_order() -> None:
    linked = [link.path for link in links(INDEX, INDEX.read_text())]
    order = [path for path in listed(INDEX) if path.parent.name == "guides"]
    missing = [str(path) for path in order if path not in linked]
    assert not missing
    assert sorted(order) == sorted((DOCS / "guides").glob("*.md"))


def test_the_rules_see_a_broken_link() -> None:
    source = (
        "# One & two\n\n## `f()` of it\n\n## Same\n## Same\n\n```text\n# none\n[x](gone.md)\n```\n"
    )
    assert anchors(source) == {"one--two", "f-of-it", "same", "same-1"}
    page = (
        "[a](README.md#rtd) `[b](gone.md)` [c](gone.md)\n[d](README.md#gone) [e](https://x.org)\n"
    )
    found = links(ROOT / "CONTRIBUTING.md", page)
    assert [(link.place, link.text) for link in found if is_broken(link)] == [
        ("CONTRIBUTING.md:1", "gone.md"),
        ("CONTRIBUTING.md:2", "README.md#gone"),
    ]
