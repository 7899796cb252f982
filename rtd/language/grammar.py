"""The grammar: the leaves of a text, and the custom conditions that an app registers."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

from rtd.language.core.condition import Condition
from rtd.language.core.durations import UNITS
from rtd.language.core.errors import ConditionError, Problem, TextPart
from rtd.language.core.leaf import Form, Leaf
from rtd.language.core.whitespace import collapse_whitespace, original_offset
from rtd.language.leaves import LEAVES
from rtd.language.leaves.custom import Custom
from rtd.language.text.quoted_names import strip_quotes
from rtd.language.time.limits import LIMITS
from rtd.language.time.moving_days import DAY_NAMES

QUOTES = re.compile(r"'[^']*'|\"[^\"]*\"")
SPECIAL = re.compile(r"[&|~()'\"]")


class _CompiledForm(NamedTuple):
    pattern: re.Pattern[str]
    form: Form


class Grammar:
    """A set of leaves and custom conditions. `parse` uses `GRAMMAR` if it is given no other.

    Not safe: registering while another thread parses with the same grammar.
    """

    __slots__ = ("_known", "_patterns", "_texts", "_ways", "cache", "examples")

    def __init__(self, leaves: Iterable[type[Leaf]] = LEAVES) -> None:
        self._ways: dict[str, list[_CompiledForm]] = {}
        self._texts: dict[str, str] = {}
        self._patterns: dict[str, re.Pattern[str]] = {}
        self._known: dict[str, Custom] = {}
        self.cache: dict[str, Condition] = {}
        self.examples: list[str] = []
        for leaf in leaves:
            self.add(leaf)

    def add(self, leaf: type[Leaf]) -> None:
        """Register a leaf."""
        for form in leaf.forms:
            way = _CompiledForm(re.compile(form.pattern), form)
            self.examples += form.examples
            for word in form.words:
                self._ways.setdefault(word, []).append(way)
        self.cache.clear()

    def custom(self, name: str, syntax: str | re.Pattern[str]) -> None:
        """Register a custom condition: `name` tells it from others, `syntax` is how it is written.

        A condition is written exactly as a text says. A pattern must match the whole leaf, with
        single blanks outside quotes; its named groups become the arguments, a group in quotes
        without them. The value comes from the view. Registering a name again replaces it.

        Raises ConditionError when the syntax could not be read back: it is empty, holds an
        operator or a lone quote, means something already, or belongs to another condition.
        """
        if isinstance(syntax, re.Pattern):
            self.remove(name)
            self._patterns[name] = syntax
        else:
            self._check(name, syntax)
            self.remove(name)
            self._texts[syntax] = name
            self.examples.append(syntax)
        self.cache.clear()

    def add_literal(self, leaf: Custom) -> None:
        """Register the text of a custom condition whose syntax only the app knows.

        It goes before everything else.
        """
        self._known[leaf.text] = leaf
        self.examples.append(leaf.text)
        self.cache.clear()

    def _check(self, name: str, syntax: str) -> None:
        syntax_of = f"the syntax {syntax!r} of the condition {name!r}"
        if not syntax or syntax != " ".join(syntax.split()):
            raise ConditionError(f"{syntax_of} must be words with single blanks between them")
        if found := SPECIAL.search(QUOTES.sub("", syntax)):
            raise ConditionError(f"{syntax_of} cannot hold {found[0]!r} outside quotes")
        owner = self._texts.get(syntax, name)
        if owner != name:
            raise ConditionError(f"{syntax_of} is already that of {owner!r}")
        if syntax in self._texts:
            return
        try:
            meaning = self.parse_leaf(TextPart(syntax))
        except Problem:
            return
        raise ConditionError(f"{syntax_of} already means {str(meaning)!r}")

    def remove(self, name: str) -> None:
        """Forget the custom condition of this name, if there is one."""
        self._patterns.pop(name, None)
        for text in [text for text, owner in self._texts.items() if owner == name]:
            del self._texts[text]
            self.examples.remove(text)
        self.cache.clear()

    def copy(self) -> Grammar:
        """Return another grammar with the same leaves and custom conditions."""
        other = Grammar(())
        other._ways = {word: list(ways) for word, ways in self._ways.items()}
        other._texts = dict(self._texts)
        other._patterns = dict(self._patterns)
        other._known = dict(self._known)
        other.examples = list(self.examples)
        return other

    def parse_leaf(self, part: TextPart) -> Condition:
        """Return the leaf of a text. Raises `Problem`, its place counted in that text."""
        text = collapse_whitespace(part.text)
        if text in self._known:
            return self._known[text]
        if text in self._texts:
            return Custom(self._texts[text], text)
        fault = None
        for way in self._ways.get(text.partition(" ")[0], ()):
            match = way.pattern.fullmatch(text)
            if match:
                try:
                    return way.form.read(match)
                except Problem as found:
                    fault = found
                    fault.at = original_offset(part.text, fault.at)
                    break
        for name, pattern in self._patterns.items():
            if match := pattern.fullmatch(text):
                groups = (
                    (k, strip_quotes(v)) for k, v in match.groupdict().items() if v is not None
                )
                return Custom(name, text, tuple(groups))
        raise fault or UnknownLeaf(f"`{text if len(text) < 60 else text[:57] + '...'}` is unknown")

    def words(self) -> set[str]:
        """Return the words that leaves are made of."""
        found = {word for example in self.examples for word in re.findall(r"[a-z]+", example)}
        return found | set(LIMITS) | set(UNITS) | set(DAY_NAMES) | {"and", "am", "pm"}


class UnknownLeaf(Problem):
    """A text that begins like no leaf."""


GRAMMAR = Grammar()
