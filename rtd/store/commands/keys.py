"""Names of the keys in Redis, and of the places where runs wait.

All keys of a namespace share one prefix with a hash tag, so that in a cluster they live on
one node and a script may touch them all. The scripts in `rtd/store/lua` build the same names.
"""

from typing import Final

#: Separates the parts of a place and of an item. Refused inside lanes and queues.
SEPARATOR: Final = "|"


def prefix(namespace: str) -> str:
    """Return the start of every key of a namespace."""
    if not namespace or set(namespace) & set("{}"):
        raise ValueError(f"not usable as a namespace: {namespace!r}")
    return f"{{rtd:{namespace}}}:"


def place(lane: str, queue: str, priority: int) -> str:
    """Return where a run waits: one list per lane, queue and priority.

    Raises:
        ValueError: a lane or queue that holds `|` or is empty.
    """
    if not lane or not queue or SEPARATOR in lane or SEPARATOR in queue:
        raise ValueError(f"a lane or queue must not be empty or hold '|': {lane!r}, {queue!r}")
    return f"{lane}|{queue}|{priority}"


def item(run_id: str, max_concurrency: int | None = None, task: str = "") -> str:
    """Return a run's item in its list: the id, and for a limited task how many may run at once."""
    if max_concurrency is None:
        return run_id
    if max_concurrency < 1:
        raise ValueError(f"max_concurrency must be at least 1, not {max_concurrency}")
    return f"{run_id}|{max_concurrency}|{task}"


def split_place(text: str) -> tuple[str, str, int]:
    """Return (lane, queue, priority) of a place, or of a place with an item behind it."""
    lane, queue, priority, *_ = text.split(SEPARATOR, 3)
    return lane, queue, int(priority)


def queue_of(text: str) -> str:
    """Return the queue of a place, or of a place with an item behind it."""
    return text.partition(SEPARATOR)[2].partition(SEPARATOR)[0]
