"""The value of a condition while some of its custom conditions have none yet."""

from __future__ import annotations

from typing import Final, NamedTuple

from rtd.language.core.condition import All, AnyOf, Condition, Not
from rtd.language.core.time_zones import NEVER
from rtd.language.core.view import View
from rtd.language.leaves.custom import Custom

NO_CUSTOM_IDS: Final[frozenset[str]] = frozenset()


class PartialValue(NamedTuple):
    """A value, or None while the values of custom conditions decide.

    `until` is the instant from which time alone may change this; `unknown` are the custom
    conditions that decide, by their texts; empty where there is a value.
    """

    value: bool | None
    until: int
    unknown: frozenset[str] = NO_CUSTOM_IDS


def evaluate_partially(condition: Condition, view: View) -> PartialValue:
    """Return the value that holds for any values of the custom conditions the view has none of."""
    if isinstance(condition, Custom) and view.world.custom.get(condition.text) is None:
        return PartialValue(None, NEVER, frozenset({condition.text}))
    if isinstance(condition, Not):
        part = evaluate_partially(condition.part, view)
        return part if part.value is None else part._replace(value=not part.value)
    if isinstance(condition, All | AnyOf):
        return _evaluate_compound(condition, view)
    return PartialValue(*condition.evaluate(view))


def _evaluate_compound(condition: All | AnyOf, view: View) -> PartialValue:
    """Return the value: a deciding part settles it for any values of the others; if there is none,
    any unknown part may."""
    deciding = condition.deciding
    soonest, latest, unknown = NEVER, -1, NO_CUSTOM_IDS
    for part in condition.parts:
        known = evaluate_partially(part, view)
        if known.value is deciding:
            latest = max(latest, known.until)
        else:
            soonest, unknown = min(soonest, known.until), unknown | known.unknown
    if latest >= 0:
        return PartialValue(deciding, latest)
    return PartialValue(None if unknown else not deciding, soonest, unknown)


def custom_ids(condition: Condition) -> frozenset[str]:
    """Return the texts of the custom conditions in a condition."""
    found = frozenset(leaf.text for leaf in condition.leaves() if isinstance(leaf, Custom))
    return found or NO_CUSTOM_IDS  # one object for the many that have none
