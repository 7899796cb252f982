"""The hint that ends an error about an unknown name: `; did you mean 'other'?`.

Imported by every `rtctl`: without `difflib`, which only a mistake needs, it costs nothing.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable


def did_you_mean(
    name: str,
    known: Iterable[str],
    otherwise: str = "",
    *,
    quoted: bool = True,
    at_most: int = 1,
    cutoff: float = 0.6,
) -> str:
    """Return the hint for an unknown name, to be put behind the sentence that refuses it.

    Args:
        name: the name as it was written.
        known: the names that exist.
        otherwise: the hint when no known name is close, without its semicolon; empty: no hint.
        quoted: put the known names in quotation marks.
        at_most: how many of the closest names the hint may have.
        cutoff: how close a name must be, from 0 (any) to 1 (equal).
    """
    from difflib import get_close_matches  # lazy: only a mistake needs it

    close = get_close_matches(name, known, at_most, cutoff)
    if close:
        names = " or ".join(repr(other) if quoted else other for other in close)
        return f"; did you mean {names}?"
    return otherwise and f"; {otherwise}"
