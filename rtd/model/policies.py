"""The policies of a task: settings for each of its runs.

To add one: a field of `Policies`, and the code that applies it. The options of a submit, the flags
of `rtctl submit`, the types of the client and the pages follow from the field (`make generate`).
"""

import dataclasses
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from rtd.common.did_you_mean import did_you_mean
from rtd.common.errors import PolicyError
from rtd.common.exception_name import read_exception_names
from rtd.common.text_of import is_utf8, show_value, text_of
from rtd.common.units import (
    parse_duration_s,
    read_expiry_s,
    read_optional,
    read_positive_duration_s,
    read_positive_size,
    read_share,
    whole_number,
)
from rtd.model.lanes import TREE_LANES
from rtd.model.run_record import LIMIT_NAMES

ON_LOST: Final = ("fail", "requeue")
#: Which options of a stored run are those of its task, stored because its submit needs them.
DECLARED: Final = "declared"
#: A run that lost its executor this often is never requeued again.
MAX_LOSSES: Final = 3
PRIORITY_RANGE: Final = 100
#: The key of a policy's description in the metadata of its field.
_OPTION: Final = "option"


class PolicyOption(NamedTuple):
    """A policy as a declaration or a submit names it.

    Attributes:
        field: the field of `Policies`.
        read: turns a value into that of the field. Raises ValueError.
        kind: what a value is: `text`, `int`, `share`, `duration`, `size`, `names` (of
            exceptions), or the allowed words with `|` between; ` | None` where it may be None.
        doc: a line for the protocol page and the help of `rtctl submit`.
        more: further words for the reference of policies.
        own_process: it cannot be enforced in lanes where runs share a process.
    """

    field: str
    read: Callable[[Any], Any]
    kind: str
    doc: str
    more: str = ""
    own_process: bool = False


def _policy(default: Any, read: Callable[[Any], Any], kind: str, doc: str, **facts: Any) -> Any:
    """Return a field of `Policies` with its description, see `PolicyOption`."""
    option = PolicyOption("", read, kind, doc, **facts)
    return dataclasses.field(default=default, metadata={_OPTION: option})


def _read_queue(value: Any) -> str:
    if not isinstance(value, str) or not value or len(value) > 100:
        raise ValueError(f"{show_value(value)} is no queue name: a text of 1 to 100 characters")
    if any(c in value for c in "|\0\n\r\t ,") or value.startswith("@"):
        raise ValueError(f"{value!r} is no queue name: no blanks, commas, '|' or leading '@'")
    return text_of(value)


def _read_on_lost(value: Any) -> str:
    if value not in ON_LOST:
        raise ValueError(f"{value!r} is neither 'fail' nor 'requeue'")
    return text_of(value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Policies:
    """All policies with their defaults. Durations in seconds, sizes in bytes.

    The public name of a policy is that of its field without the unit.
    """

    queue: str = _policy("default", _read_queue, "text", "where it waits (default: the task's)")
    priority: int = _policy(
        0, whole_number(-PRIORITY_RANGE, PRIORITY_RANGE), "int", "-100 to 100, higher first",
        more="within the queue",
    )  # fmt: skip
    timeout_s: float | None = _policy(
        None, read_optional(read_positive_duration_s), "duration | None",
        "stop an attempt that runs longer (`10m`)",
    )  # fmt: skip
    stop_grace_s: float | None = _policy(
        None, read_optional(parse_duration_s), "duration | None",
        "time from the request to stop until the kill", more="default: the daemon's",
    )  # fmt: skip
    retries: int = _policy(
        0, whole_number(0, 1_000_000), "int", "more attempts after a failed one",
        more="an error or an exception",
    )  # fmt: skip
    backoff_s: float = _policy(
        1.0, parse_duration_s, "duration",
        "wait before the first retry, doubled for each further one",
    )  # fmt: skip
    backoff_cap_s: float = _policy(
        600.0, parse_duration_s, "duration", "longest wait between attempts"
    )
    jitter: float = _policy(0.1, read_share, "share", "the random share of the wait, 0 to 1")
    retry_on: tuple[str, ...] = _policy(
        (), read_exception_names, "names", "retry only these exceptions, `exit N`, `timeout`",
        more="names such as `ValueError`, `requests.Timeout`, `exit 75`; the name of a base class "
        "covers its subclasses; empty: every failure; `timeout`, `memory limit` and `cpu limit` "
        "only if they are named",
    )  # fmt: skip
    no_retry_on: tuple[str, ...] = _policy(
        (), read_exception_names, "names", "never retry these exceptions",
        more="stronger than `retry_on`",
    )  # fmt: skip
    on_lost: str = _policy(
        "fail", _read_on_lost, "fail|requeue", "`fail` or `requeue` when its executor dies"
    )
    max_concurrency: int | None = _policy(
        None, read_optional(whole_number(1, 1_000_000)), "int | None",
        "the most runs of the task at once, on all nodes",
    )  # fmt: skip
    memory_limit_bytes: int | None = _policy(
        None, read_optional(read_positive_size), "size | None",
        "the most memory (RSS) of its process tree (`512M`)", own_process=True,
    )  # fmt: skip
    cpu_time_limit_s: float | None = _policy(
        None, read_optional(read_positive_duration_s), "duration | None",
        "the most CPU time of its process tree", own_process=True,
    )  # fmt: skip
    expires_s: float | None = _policy(
        None, read_optional(read_expiry_s), "duration | None",
        "cancel it if it has not started after this time", more="counted from the submit",
    )  # fmt: skip

    def overlay(self, opts: Mapping[str, Any]) -> "Policies":
        """Return these policies with the stored overrides of one submit."""
        known = {k: v for k, v in opts.items() if k in POLICY_FIELDS}
        return dataclasses.replace(self, **_tuples(known)) if known else self

    def to_dict(self) -> dict[str, Any]:
        """Return the fields that differ from the defaults, for MessagePack."""
        return {
            name: list(value) if isinstance(value, tuple) else value
            for name in POLICY_FIELDS
            if (value := getattr(self, name)) != getattr(_DEFAULTS, name)
        }

    @classmethod
    def from_dict(cls, fields: Mapping[str, Any]) -> "Policies":
        """The inverse of `to_dict`; fields of a later rtd are left out."""
        return cls(**_tuples({k: v for k, v in fields.items() if k in POLICY_FIELDS}))

    def next_wait_s(self, failed_attempts: int, random: Callable[[], float]) -> float:
        """Return the seconds before the next attempt: exponential, capped, then jittered downwards.

        Args:
            failed_attempts: how many attempts have failed, at least 1.
            random: returns a number in [0, 1).
        """
        wait_s = min(self.backoff_s * 2.0 ** min(failed_attempts - 1, 60), self.backoff_cap_s)
        return wait_s * (1.0 - self.jitter * random())

    def may_retry(self, names: Iterable[str]) -> bool:
        """Whether a failure is of a retried kind.

        Args:
            names: the exception's class names along its MRO, plain and with module, or
                `exit N` for a command.
        """
        found = set(names)
        if found.intersection(self.no_retry_on):
            return False
        return not self.retry_on or bool(found.intersection(self.retry_on))

    def may_retry_stop(self, by: str) -> bool:
        """Whether a run that a limit has stopped is tried again: only if `retry_on` names it."""
        return by in LIMIT_NAMES and by in self.retry_on and by not in self.no_retry_on


#: All policies by their public names.
POLICY_OPTIONS: Final = {
    field.name.removesuffix("_s").removesuffix("_bytes"): field.metadata[_OPTION]._replace(
        field=field.name
    )
    for field in dataclasses.fields(Policies)
}
POLICY_FIELDS: Final = tuple(option.field for option in POLICY_OPTIONS.values())
_DEFAULTS: Final = Policies()


def _tuples(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {k: tuple(v) if isinstance(v, list) else v for k, v in fields.items()}


def _checked(value: Any) -> Any:
    """Return a value that is no text, or one that can be stored. Raises ValueError."""
    for text in value if isinstance(value, tuple) else (value,):
        if isinstance(text, str) and not is_utf8(text):
            raise ValueError(f"{text!r:.80} is not UTF-8")
    return value


def _hint(name: str) -> str:
    """Return what to write instead of an unknown option of a submit."""
    from rtd.model.words.other_options import rtd_option  # lazy: only for a mistake

    known = f"known: {', '.join(POLICY_OPTIONS)}"
    return rtd_option(name, "submit") or did_you_mean(name, POLICY_OPTIONS, known)


def read_policies(options: Mapping[str, Any], lane: str, where: str) -> dict[str, Any]:
    """Return the options of a declaration or a submit as fields of `Policies`.

    Args:
        options: by their public names (`timeout="2 hours"`).
        lane: the task's lane; limits that it cannot enforce are refused.
        where: how the place is called in an error, e.g. `task 'report'`.

    Raises:
        PolicyError: unknown option (with the nearest), bad value, or a limit that the lane
            cannot enforce.
    """
    fields: dict[str, Any] = {}
    for name, value in options.items():
        if name not in POLICY_OPTIONS:
            hint = _hint(name)
            raise PolicyError(f"{where}: unknown policy {name!r}{hint}")
        option = POLICY_OPTIONS[name]
        try:
            fields[option.field] = _checked(option.read(value))
        except ValueError as error:
            raise PolicyError(f"{where}: {name}: {error}") from None
        is_set = fields[option.field] != getattr(_DEFAULTS, option.field)
        if option.own_process and is_set and lane not in TREE_LANES:
            raise PolicyError(
                f"{where}: {name} cannot be enforced in lane {lane!r}, where runs share a "
                "process; use lane 'process'"
            )
    return fields
