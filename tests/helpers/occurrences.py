"""The ledger of occurrences, read from Redis beside the daemon."""

import contextlib
from collections.abc import Iterator

from rtd.store.commands.commands import StoreCommands
from rtd.store.commands.schedule_records import OccurrenceRecord, parse_occurrences
from rtd.store.connection.blocking import RedisConnection
from tests.helpers.daemon import Daemon


@contextlib.contextmanager
def connect_redis(daemon: Daemon) -> Iterator[RedisConnection]:
    """A connection to the daemon's Redis."""
    link = RedisConnection.connect(f"unix://{daemon.home}/state/redis/redis.sock")
    try:
        yield link
    finally:
        link.close()


def occurrences(link: RedisConnection, task: str) -> list[OccurrenceRecord]:
    """All due moments of a task, the first first."""
    answers = link.execute_all(*StoreCommands("rtd").occurrences(task, 1_000_000))
    return parse_occurrences(task, answers)[::-1]


def outcome_text(due: OccurrenceRecord) -> str:
    """Return its outcome in a word."""
    return due.note.partition("|")[0] or "ran"
