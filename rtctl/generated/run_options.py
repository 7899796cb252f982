"""The options of a submit.

Made by `python -m tools.generate_client` from what `rtd/model/policies.py` declares.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime, timedelta
    from typing import Any, TypedDict

    Duration = str | float | timedelta

    class RunOptions(TypedDict, total=False):
        """The options of `Client.task(name, ...)` and `.options(...)`.

        Durations are seconds, texts such as `"10m"`, or timedeltas; sizes are bytes or texts such
        as `"512M"`. `key` is your own name of the run: the same key again is the
        same run; `id` means the same.
        """

        queue: str
        priority: int
        timeout: Duration | None
        stop_grace: Duration | None
        retries: int
        backoff: Duration
        backoff_cap: Duration
        jitter: float
        retry_on: Any
        no_retry_on: Any
        on_lost: str
        max_concurrency: int | None
        memory_limit: str | int | None
        cpu_time_limit: Duration | None
        expires: Duration | None
        key: str
        id: str
        at: datetime | float | None
        delay: Duration | None
        labels: list[str]
        headers: Mapping[str, str]


#: Every policy: name, kind (see `rtd.model.policies.PolicyOption`) and help.
POLICIES: tuple[tuple[str, str, str], ...] = (
    ("queue", "text", "where it waits (default: the task's)"),
    ("priority", "int", "-100 to 100, higher first"),
    ("timeout", "duration", "stop an attempt that runs longer (`10m`)"),
    ("stop_grace", "duration", "time from the request to stop until the kill"),
    ("retries", "int", "more attempts after a failed one"),
    ("backoff", "duration", "wait before the first retry, doubled for each further one"),
    ("backoff_cap", "duration", "longest wait between attempts"),
    ("jitter", "share", "the random share of the wait, 0 to 1"),
    ("retry_on", "names", "retry only these exceptions, `exit N`, `timeout`"),
    ("no_retry_on", "names", "never retry these exceptions"),
    ("on_lost", "fail|requeue", "`fail` or `requeue` when its executor dies"),
    ("max_concurrency", "int", "the most runs of the task at once, on all nodes"),
    ("memory_limit", "size", "the most memory (RSS) of its process tree (`512M`)"),
    ("cpu_time_limit", "duration", "the most CPU time of its process tree"),
    ("expires", "duration", "cancel it if it has not started after this time"),
)
