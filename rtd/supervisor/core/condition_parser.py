"""The condition language of one app: what everybody has, and the app's own conditions as texts."""

from rtd.language.core.condition import Condition
from rtd.language.grammar import GRAMMAR, Grammar
from rtd.language.leaves.custom import Custom
from rtd.language.parser import parse
from rtd.model.manifest import Manifest


class ConditionParser:
    """Reads the conditions of the serving app. No pattern of an app's is ever run here."""

    def __init__(self) -> None:
        self._manifest: Manifest | None = None
        self._grammar = GRAMMAR

    def parse(self, manifest: Manifest, text: str) -> Condition:
        """The condition that a text of this app means.

        Raises:
            ConditionError: it cannot be read.
        """
        if manifest is not self._manifest:
            self._manifest, self._grammar = manifest, grammar_of(manifest)
        return parse(text, self._grammar)


def grammar_of(manifest: Manifest) -> Grammar:
    """The grammar in which exactly the custom texts that an app uses are leaves of its own."""
    if not manifest.info.custom:
        return GRAMMAR
    grammar = GRAMMAR.copy()
    for text, info in manifest.info.custom.items():
        grammar.add_literal(Custom(info.name, text, tuple(info.arguments.items())))
    return grammar
