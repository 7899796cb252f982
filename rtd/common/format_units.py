"""Times, durations, sizes, counts and ends of runs as people read them; runs that are not over.

Imported by every `rtctl`: it must stay cheap, so the parsers are in `rtd.common.units`.
"""

from __future__ import annotations

from time import localtime, strftime

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import tzinfo

#: So many runs are named that are not over.
_NAMED = 3
#: What ended a terminated run, in the place of the state.
_ENDED_BY = {
    "timeout": "timed out", "memory limit": "over limit", "cpu limit": "over limit",
    "end condition": "stopped", "drain": "shut down",
}  # fmt: skip
_BY_CLIENT = "uid "


def format_time(at: float, zone: tzinfo | None = None, has_ms: bool = False) -> str:
    """Return date, time and zone: `2026-03-06 08:00:00 EET`. All times that people see are such,
    because logs and listings are read elsewhere and later.

    Args:
        at: UTC epoch seconds.
        zone: None: that of this host.
        has_ms: with milliseconds: `2026-03-06 08:00:00.250 EET`.
    """
    if zone is None:
        moment = localtime(at)
        shown, name = strftime("%Y-%m-%d %H:%M:%S", moment), moment.tm_zone
    else:
        from datetime import datetime  # lazy: most commands show no such times

        shown, _, name = f"{datetime.fromtimestamp(at, zone):%Y-%m-%d %H:%M:%S|%Z}".partition("|")
    return f"{shown}.{int(at % 1 * 1000):03d} {name}" if has_ms else f"{shown} {name}"


def format_count(count: int, noun: str, plural: str = "") -> str:
    """Return a number with its noun: `1 run`, `2,000 runs`, `2 processes`.

    Args:
        plural: of the noun; empty: the noun with an `s`.
    """
    return f"{count:,} {noun if count == 1 else plural or noun + 's'}"


def format_duration(seconds: float) -> str:
    """Return a short text: `5ms`, `1.2s`, `3m12s`, `2h05m`, `4d03h`."""
    if seconds < 0.9995:
        return f"{seconds * 1000:.0f}ms"
    if seconds < 59.95:
        return f"{seconds:.1f}s"
    whole = round(seconds)
    if whole < 3600:
        return f"{whole // 60}m{whole % 60:02d}s"
    if whole < 86400:
        return f"{whole // 3600}h{whole % 3600 // 60:02d}m"
    return f"{whole // 86400}d{whole % 86400 // 3600:02d}h"


def format_bytes(count: int) -> str:
    """Return a short text: `312 B`, `4.0 KB`, `1.2 GB` (powers of 1024)."""
    size = float(count)
    for unit in ("B", "KB", "MB", "GB"):
        if size < 1024:
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1024
    return f"{size:.1f} TB"


def not_over_text(left: Sequence[str], count: int, timeout_s: float | None) -> str:
    """Return the sentence about runs that are not over in time.

    Args:
        left: the ids of those that are not.
        count: how many runs there are.
        timeout_s: the limit.
    """
    after = f"after {format_duration(timeout_s or 0.0)}"
    if count == 1:
        return f"run {left[0]} is not over {after}; it continues"
    over, some = count - len(left), ", ".join(left[:_NAMED])
    more = f" and {len(left) - _NAMED:,} more" if len(left) > _NAMED else ""
    verbs = ("is", "it continues") if len(left) == 1 else ("are", "they continue")
    is_over = "is" if over == 1 else "are"
    return (
        f"{over:,} of {count:,} runs {is_over} over {after}; {some}{more} {verbs[0]} not, and"
        f" {verbs[1]}"
    )


def end_text(state: str, by: str | None) -> str:
    """Return the state of a run; of a terminated one what ended it: `timed out`, `killed`, ...

    Args:
        by: who or what ended it, as its row says.
    """
    if state != "terminated" or by is None:
        return state
    return "killed" if by.startswith(_BY_CLIENT) else _ENDED_BY.get(by, state)


def shown_state(state: str, by: str | None = None) -> str:
    """Return the state of a run as people read it: `error` and `exception` are kinds of `failed`;
    of a terminated run what `end_text` says."""
    return "failed" if state in ("error", "exception") else end_text(state, by)
