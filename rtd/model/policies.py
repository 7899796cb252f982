"""The policies of a task: settings for each of its runs.

To add one: a field of `Policies`, a row in `POLICY_OPTIONS`, and the code that applies it.
"""

import dataclasses
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from rtd.common.did_you_mean import did_you_mean
from rtd.common.errors import PolicyError
from rtd.common.exception_name import exception_name
from rtd.common.msgpack_values import show_value
from rtd.common.text_of import text_of
from rtd.common.units import parse_bytes, parse_duration_s
from rtd.model.lanes import TREE_LANES

ON_LOST: Final = ("fail", "requeue")
#: A run that lost its executor this often is never requeued again.
MAX_LOSSES: Final = 3
PRIORITY_RANGE: Final = 100
_ZERO: Final = "0 would end every run at once; leave it out for no limit"


@dataclass(frozen=True, slots=True, kw_only=True)
class Policies:
    """All policies with their defaults. Durations in seconds, sizes in bytes.

    Attributes:
        queue: where runs wait.
        priority: within the queue, -100 to 100, higher first.
        timeout_s: an attempt that runs longer is stopped; None: no limit.
        stop_grace_s: how long a run that was asked to stop has before it is killed.
        retries: how many more attempts after a failed one (error, exception).
        backoff_s: wait before the first retry; doubled for each further one.
        backoff_cap_s: longest wait between attempts.
        jitter: share of the wait that is random, 0 to 1.
        retry_on: names of exceptions (`ValueError`, `requests.Timeout`, `exit 75`) that are
            retried; empty: every failure. A base class's name covers its subclasses.
        no_retry_on: names that are never retried; stronger than `retry_on`.
        on_lost: when its executor dies: `fail` (state lost) or `requeue`.
        max_concurrency: how many runs of the task may be going at once, on all executors.
        memory_limit_bytes: resident memory of the run's whole process tree.
        cpu_time_limit_s: CPU seconds of the run's whole process tree.
        expires_s: a run that has not started this long after its submit is cancelled.
    """

    queue: str = "default"
    priority: int = 0
    timeout_s: float | None = None
    stop_grace_s: float | None = None
    retries: int = 0
    backoff_s: float = 1.0
    backoff_cap_s: float = 600.0
    jitter: float = 0.1
    retry_on: tuple[str, ...] = ()
    no_retry_on: tuple[str, ...] = ()
    on_lost: str = "fail"
    max_concurrency: int | None = None
    memory_limit_bytes: int | None = None
    cpu_time_limit_s: float | None = None
    expires_s: float | None = None

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


POLICY_FIELDS: Final = tuple(f.name for f in dataclasses.fields(Policies))
_DEFAULTS: Final = Policies()


def _tuples(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {k: tuple(v) if isinstance(v, list) else v for k, v in fields.items()}


def _duration(value: Any) -> float | None:
    return None if value is None else parse_duration_s(value)


def _positive_duration(value: Any) -> float | None:
    seconds = _duration(value)
    if seconds == 0:
        raise ValueError(_ZERO)
    return seconds


def _memory(value: Any) -> int | None:
    size = None if value is None else parse_bytes(value)
    if size == 0:
        raise ValueError(_ZERO)
    return size


def _whole(low: int, high: int) -> Callable[[Any], int]:
    def check(value: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise ValueError(f"{show_value(value)} is not a whole number from {low} to {high}")
        return value

    return check


def _share(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
        raise ValueError(f"{show_value(value)} is not a share from 0 to 1")
    return float(value)


def _names(value: Any) -> tuple[str, ...]:
    items = value if isinstance(value, list | tuple | set | frozenset) else [value]
    return tuple(exception_name(item) for item in items)


def _queue(value: Any) -> str:
    if not isinstance(value, str) or not value or len(value) > 100:
        raise ValueError(f"{value!r} is no queue name: a text of 1 to 100 characters")
    if any(c in value for c in "|\0\n\r\t ,") or value.startswith("@"):
        raise ValueError(f"{value!r} is no queue name: no blanks, commas, '|' or leading '@'")
    return text_of(value)


def _on_lost(value: Any) -> str:
    if value not in ON_LOST:
        raise ValueError(f"{value!r} is neither 'fail' nor 'requeue'")
    return text_of(value)


def _concurrency(value: Any) -> int | None:
    return None if value is None else _whole(1, 1_000_000)(value)


class PolicyOption(NamedTuple):
    """A policy as a declaration or a submit names it.

    Attributes:
        field: the field of `Policies`.
        read: turns a value into that of the field. Raises ValueError.
        kind: what a value is: `text`, `int`, `share`, `duration`, `size`, `names` (of
            exceptions), or the allowed words with `|` between; ` | None` where it may be None.
        doc: a line for the protocol page and the help of `rtctl submit`.
    """

    field: str
    read: Callable[[Any], Any]
    kind: str
    doc: str


#: All policies by name. The options of a submit, the flags of `rtctl submit` and the types of the
#: client follow from this table (`make generate`).
POLICY_OPTIONS: Final = {
    "queue": PolicyOption("queue", _queue, "text", "where it waits; default: the task's"),
    "priority": PolicyOption("priority", _whole(-PRIORITY_RANGE, PRIORITY_RANGE), "int",
                             "-100 to 100, higher first"),
    "timeout": PolicyOption("timeout_s", _positive_duration, "duration | None",
                            "stop an attempt that runs longer (`10m`)"),
    "stop_grace": PolicyOption("stop_grace_s", _duration, "duration | None",
                               "from the request to stop to the kill"),
    "retries": PolicyOption("retries", _whole(0, 1_000_000), "int",
                            "further attempts after a failed one"),
    "backoff": PolicyOption("backoff_s", parse_duration_s, "duration",
                            "wait before the first retry, doubled for each further one"),
    "backoff_cap": PolicyOption("backoff_cap_s", parse_duration_s, "duration",
                                "longest wait between attempts"),
    "jitter": PolicyOption("jitter", _share, "share", "share of the wait that is random, 0 to 1"),
    "retry_on": PolicyOption("retry_on", _names, "names",
                             "retry only these exceptions, or `exit N`"),
    "no_retry_on": PolicyOption("no_retry_on", _names, "names", "never retry these exceptions"),
    "on_lost": PolicyOption("on_lost", _on_lost, "fail|requeue",
                            "`fail` or `requeue` when its executor dies"),
    "max_concurrency": PolicyOption("max_concurrency", _concurrency, "int | None",
                                    "runs of the task at once, everywhere"),
    "memory_limit": PolicyOption("memory_limit_bytes", _memory, "size | None",
                                 "resident memory of its process tree (`512M`)"),
    "cpu_time_limit": PolicyOption("cpu_time_limit_s", _positive_duration, "duration | None",
                                   "CPU time of its process tree"),
    "expires": PolicyOption("expires_s", _duration, "duration | None",
                            "cancel it when it has not started by then"),
}  # fmt: skip
#: Limits that are measured on a process tree, so each run must have its own.
TREE_LIMITS: Final = ("memory_limit", "cpu_time_limit")


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
            hint = did_you_mean(name, POLICY_OPTIONS, f"known: {', '.join(POLICY_OPTIONS)}")
            raise PolicyError(f"{where}: unknown policy {name!r}{hint}")
        option = POLICY_OPTIONS[name]
        try:
            fields[option.field] = option.read(value)
        except ValueError as error:
            raise PolicyError(f"{where}: {name}: {error}") from None
        if name in TREE_LIMITS and fields[option.field] is not None and lane not in TREE_LANES:
            raise PolicyError(
                f"{where}: {name} cannot be enforced in lane {lane!r}, where runs share a "
                "process; use lane 'process'"
            )
    return fields
