"""What a condition says while some of its custom parts have not been answered."""

from __future__ import annotations

from typing import Final, NamedTuple

from rtd.language.core.condition import All, AnyOf, Condition, Not
from rtd.language.core.time_zones import NEVER
from rtd.language.core.view import View
from rtd.language.leaves.custom import Custom

NO_CUSTOM_IDS: Final[frozenset[str]] = frozenset()


class PartialValue(NamedTuple):
    """A value, or None while an answer decides.

    `until` is the instant from which time alone may change this; `texts` are the custom
    conditions whose answers decide, empty where there is a value.
    """

    value: bool | None
    until: int
    unknown: frozenset[str] = NO_CUSTOM_IDS


def evaluate_partially(condition: Condition, view: View) -> PartialValue:
    """What is true or false whatever the custom conditions that the view has no answer of say."""
    if isinstance(condition, Custom) and view.world.custom.get(condition.text) is None:
        return PartialValue(None, NEVER, frozenset({condition.text}))
    if isinstance(condition, Not):
        part = evaluate_partially(condition.part, view)
        return part if part.value is None else part._replace(value=not part.value)
    if isinstance(condition, All | AnyOf):
        return _evaluate_compound(condition, view)
    return PartialValue(*condition.evaluate(view))


def _evaluate_compound(condition: All | AnyOf, view: View) -> PartialValue:
    """A deciding part decides whatever the others say; else any unknown part may."""
    deciding = condition.deciding
    soonest, latest, texts = NEVER, -1, NO_CUSTOM_IDS
    for part in condition.parts:
        known = evaluate_partially(part, view)
        if known.value is deciding:
            latest = max(latest, known.until)
        else:
            soonest, texts = min(soonest, known.until), texts | known.unknown
    if latest >= 0:
        return PartialValue(deciding, latest)
    return PartialValue(None if texts else not deciding, soonest, texts)


def custom_ids(condition: Condition) -> frozenset[str]:
    """The texts of its custom conditions."""
    found = frozenset(leaf.text for leaf in condition.leaves() if isinstance(leaf, Custom))
    return found or NO_CUSTOM_IDS  # one object for the many that have none
