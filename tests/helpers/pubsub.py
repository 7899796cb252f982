"""The events that a daemon publishes, heard by a plain client of Redis."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import redis

from rtd.session.context.user_events import LIFE_CYCLE
from tests.helpers.daemon import Daemon
from tests.helpers.deadline import until


@contextmanager
def subscribe_to_all(daemon: Daemon) -> Iterator["redis.client.PubSub"]:
    """A subscriber of all channels."""
    (path,) = daemon.home.rglob("redis.sock")
    client = redis.Redis(unix_socket_path=str(path), decode_responses=True)
    with client.pubsub() as pubsub:
        pubsub.psubscribe("{rtd:rtd}:*")
        until(lambda: pubsub.get_message(timeout=1) is not None, within_s=10, what="subscribed")
        yield pubsub
    client.close()


def read_events(pubsub: "redis.client.PubSub", number: int) -> dict[str, list[dict[str, Any]]]:
    """The first events of the tasks' own, by their channel."""
    found: dict[str, list[dict[str, Any]]] = {}

    def has_all() -> bool:
        message = pubsub.get_message(timeout=1)
        event = None if message is None else json.loads(message["data"])
        if event is not None and event["event"] not in LIFE_CYCLE:
            found.setdefault(message["channel"], []).append(event)
        return sum(map(len, found.values())) == number

    until(has_all, within_s=20, what=f"{number} messages")
    return found
