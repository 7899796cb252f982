"""Where a reader of events is: a place in each of the two streams, as one text.

`ID` is a place in both. `ID/ID` are the place in the events of rtd and that in those of tasks.
`ID:N` is a place within an entry of the first, behind N of its events.
"""

import re
from typing import Final, NamedTuple

_ID: Final = r"([0-9]{1,20})-([0-9]{1,20})"
_CURSOR: Final = re.compile(rf"{_ID}(?::([0-9]{{1,6}}))?(?:/{_ID})?")
#: The parts of an id are numbers of 64 bits.
PART_MAX: Final = 2**64 - 1
OLDEST: Final = "0-0"


class EventCursor(NamedTuple):
    """A place in each stream.

    `own` and `users` are ids of entries, or ids between them; `taken`: how many events of the
    entry `own` have been read, if it has more. `is_pair`: both places are known.
    """

    own: str
    users: str
    taken: int = 0
    is_pair: bool = True

    def __str__(self) -> str:
        """Return the text that `parse_cursor` reads."""
        return f"{self.own}:{self.taken}/{self.users}" if self.taken else f"{self.own}/{self.users}"


def parse_cursor(text: str) -> EventCursor:
    """Return the cursor of a text. Raises ValueError."""
    match = _CURSOR.fullmatch(text)
    if match is None:
        raise ValueError("no cursor")
    ms, seq, taken, users_ms, users_seq = match.groups()
    own = _entry_id(ms, seq)
    users = own if users_ms is None else _entry_id(users_ms, users_seq)
    return EventCursor(own, users, int(taken or 0), users_ms is not None)


def _entry_id(ms: str, seq: str) -> str:
    numbers = int(ms), int(seq)
    if max(numbers) > PART_MAX or min(numbers) == PART_MAX:
        raise ValueError("no id of a stream")
    return f"{numbers[0]}-{numbers[1]}"


def ms_of(entry: str) -> int:
    """Return the time of an entry's id in milliseconds."""
    return int(entry.partition("-")[0])


def before_ms(entry: str) -> str:
    """Return the last id that is possible before the millisecond of an entry."""
    ms = ms_of(entry)
    return f"{ms - 1}-{PART_MAX}" if ms else OLDEST


def is_entry_like(entry: str) -> bool:
    """Return whether an id is that of an entry, not of a moment between two."""
    return entry != OLDEST and not entry.endswith(f"-{PART_MAX}")
