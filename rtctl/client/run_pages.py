"""Lists of runs that are longer than one answer of the daemon."""

from __future__ import annotations

from rtctl.core.check_argument import check_number

TYPE_CHECKING = False
if TYPE_CHECKING:
    from rtctl.generated.answers import LsResult
    from rtctl.generated.shapes import Row

#: The daemon lists at most so many runs in one answer.
PAGE_MAX = 10_000


class RunPages:
    """Collects the rows of several answers to `ls`, each run once.

    Args:
        limit: how many rows at most; None: all.

    Attributes:
        rows: those collected so far.
        more: there are runs beyond these.
    """

    def __init__(self, limit: int | None) -> None:
        check_number("limit", limit)
        self.rows: list[Row] = []
        self.more = False
        self._limit = limit
        self._ended_from: int | None = None
        self._seen: set[str] = set()

    @property
    def span(self) -> tuple[int, int | None]:
        """The `limit` and the `ended_from` of the next request."""
        left = PAGE_MAX if self._limit is None else self._limit - len(self.rows)
        return min(left, PAGE_MAX), self._ended_from

    def add(self, answer: LsResult) -> bool:
        """Take over the rows of an answer. Returns whether another request is to follow."""
        for row in answer["runs"]:
            # Runs that ended in between moved the others on, so that answers may overlap.
            if row["id"] not in self._seen:
                self._seen.add(row["id"])
                self.rows.append(row)
        self._ended_from = answer["next"]
        is_full = self._limit is not None and len(self.rows) >= self._limit
        # Runs that wait come with the first answer only. It had no room for an ended one: of
        # those that wait some are left out, too.
        left_out = answer["more"] if self._ended_from is None else self._ended_from == 0
        self.more = self.more or left_out or is_full
        return self._ended_from is not None and not is_full
