"""The ledger of occurrences, read from Redis beside the daemon."""

import contextlib
from collections.abc import Iterator

from rtd.store.commands.commands import Calls
from rtd.store.commands.schedule import Due, dues_of
from rtd.store.connection.blocking import Link
from tests.helpers.daemon import Daemon


@contextlib.contextmanager
def ledger(daemon: Daemon) -> Iterator[Link]:
    """A connection to the daemon's Redis."""
    link = Link.connect(f"unix://{daemon.home}/state/redis/redis.sock")
    try:
        yield link
    finally:
        link.close()


def occurrences(link: Link, task: str) -> list[Due]:
    """All due moments of a task, the first first."""
    answers = link.call(*Calls("rtd").occurrences(task, 1_000_000))
    return dues_of(task, answers)[::-1]


def verdict(due: Due) -> str:
    """What became of it."""
    return due.note.partition("|")[0] or "ran"
