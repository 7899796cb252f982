"""When a task runs, as its app declares it: texts and policies, no conditions yet."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from rtd.common.units import parse_duration_s

_WITHIN: Final = re.compile(r"within\s+(.+)")
_FORMS: Final = "'if true', 'none', 'last', 'all' or 'within SPAN' (within 2 hours)"
IF_TRUE: Final = "if true"


class CatchUp(NamedTuple):
    """The policy for due moments that passed while no daemon could fire them.

    `kind`: `if true` (one run, if the condition is still true), `none` (no run), `last` (one
    run, true or not), `all` (one run each), `within` (as last, if the latest of them is not
    older than `span_s` seconds).
    """

    kind: str
    span_s: float = 0.0


def read_catch_up(text: Any) -> CatchUp:
    """Return the policy of a text. Raises ValueError with the forms that are understood."""
    if isinstance(text, str):
        words = " ".join(text.split())
        if words in (IF_TRUE, "none", "last", "all"):
            return CatchUp(words)
        if match := _WITHIN.fullmatch(words):
            return CatchUp("within", parse_duration_s(match[1]))
    raise ValueError(f"{text!r} is none of {_FORMS}")


@dataclass(frozen=True, slots=True)
class Schedule:
    """The conditions of a task, and how they apply.

    Attributes:
        start: the condition under which it starts; None: only when submitted.
        end: the condition under which a run of it is ended.
        catch_up: see `CatchUp`.
        overlap: it may start while a run of its own is going; once each time that its condition
            comes true. None: the task does not say, see `TaskInfo.concurrency_limit`.
        timezone: an IANA name; None: the zone of the daemon's host.
        enabled: false: it starts only when submitted, until a user enables it.
    """

    start: str | None = None
    end: str | None = None
    catch_up: str = IF_TRUE
    overlap: bool | None = None
    timezone: str | None = None
    enabled: bool = True

    def to_dict(self) -> dict[str, Any]:
        """Return the fields that differ from the defaults, for MessagePack."""
        return {
            name: value
            for name in self.__slots__
            if (value := getattr(self, name)) != getattr(NO_SCHEDULE, name)
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "Schedule":
        """The inverse of `to_dict`; fields of a later rtd are left out."""
        return cls(**{name: data[name] for name in cls.__slots__ if name in data})


NO_SCHEDULE: Final = Schedule()
