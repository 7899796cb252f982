"""Names of everything that rtd keeps in Redis.

All keys of a namespace share one prefix with a hash tag, so that in a cluster they live on
one node and a script may touch them all. The scripts build the same names; `lua/` and this
file are the only places that know them.
"""

from typing import Final

#: Separates the parts of a place and of an item. Refused inside lanes and queues.
SEPARATOR: Final = "|"


def prefix(namespace: str) -> str:
    """What every key of a namespace starts with."""
    if not namespace or set(namespace) & set("{}"):
        raise ValueError(f"not usable as a namespace: {namespace!r}")
    return f"{{rtd:{namespace}}}:"


def place(lane: str, queue: str, priority: int) -> str:
    """Where a run waits: one list per lane, queue and priority.

    Raises:
        ValueError: a lane or queue that holds `|` or is empty.
    """
    if not lane or not queue or SEPARATOR in lane or SEPARATOR in queue:
        raise ValueError(f"a lane or queue must not be empty or hold '|': {lane!r}, {queue!r}")
    return f"{lane}|{queue}|{priority}"


def item(run_id: str, max_concurrency: int | None = None, task: str = "") -> str:
    """What waits in a list: the run's id, and for a limited task how many may run at once."""
    if max_concurrency is None:
        return run_id
    if max_concurrency < 1:
        raise ValueError(f"max_concurrency must be at least 1, not {max_concurrency}")
    return f"{run_id}|{max_concurrency}|{task}"


def split_place(text: str) -> tuple[str, str, int]:
    """(lane, queue, priority) of a place, or of a place with an item behind it."""
    lane, queue, priority, *_ = text.split(SEPARATOR, 3)
    return lane, queue, int(priority)
