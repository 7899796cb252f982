"""Events that tasks emit, heard by a plain client of Redis."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import redis

from rtctl import Client
from rtd.session.context.user_events import LIFE_CYCLE
from tests.helpers.daemon import Daemon, shared_daemon
from tests.helpers.deadline import until
from tests.helpers.source import PROGRAMS


@pytest.fixture(scope="module")
def daemon() -> Iterator[Daemon]:
    with shared_daemon("class_tasks.py", cwd=PROGRAMS) as daemon:
        yield daemon


@pytest.fixture
def heard(daemon: Daemon) -> Iterator["redis.client.PubSub"]:
    """A subscriber of all channels."""
    (path,) = daemon.home.rglob("redis.sock")
    client = redis.Redis(unix_socket_path=str(path), decode_responses=True)
    with client.pubsub() as pubsub:
        pubsub.psubscribe("{rtd:rtd}:*")
        until(lambda: pubsub.get_message(timeout=1) is not None, within_s=10, what="subscribed")
        yield pubsub
    client.close()


def events(pubsub: "redis.client.PubSub", number: int) -> dict[str, list[dict[str, Any]]]:
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


def test_events_of_init_threads_and_stop_are_published(
    daemon: Daemon, heard: "redis.client.PubSub"
) -> None:
    with Client(daemon.socket) as rt:
        run = rt.submit("Loud", to=0)
        first = events(heard, 4)
        assert sorted(first) == [f"{{rtd:rtd}}:run:{run.id}", "{rtd:rtd}:task:Loud"]
        made, child = first[f"{{rtd:rtd}}:run:{run.id}"]
        assert first["{rtd:rtd}:task:Loud"] == [made, child]
        assert made["event"] == "made"
        assert made["data"] == {"to": 0}
        assert (made["run"], made["task"], made["attempt"]) == (run.id, "Loud", 1)
        assert child["data"] == [1, 2.5, None, "ä"]
        assert set(made) == {"id", "event", "data", "run", "task", "attempt", "at"}
        run.kill()
        run.wait(20)
        (stopping, _) = [one for many in events(heard, 2).values() for one in many]
        assert (stopping["event"], stopping["data"]) == ("stopping", None)


def test_a_forked_process_is_refused(daemon: Daemon) -> None:
    with Client(daemon.socket) as rt:
        run = rt.submit("Forking").wait(20)
        assert run.state == "succeeded"
        assert "RuntimeError: emit: a process that a task has forked cannot publish" in "".join(
            map(str, run.logs())
        )


def test_a_name_of_rtd_s_own_is_refused() -> None:
    from tests.programs.class_tasks import Loud

    with pytest.raises(ValueError, match="'succeeded' is the name of an event of rtd's own"):
        Loud.emit(Loud.__new__(Loud), "succeeded")
    with pytest.raises(TypeError, match=r"data\.when is no JSON value: a value of type"):
        Loud.emit(Loud.__new__(Loud), "mine", {"when": Path("/")})
    with pytest.raises(TypeError, match="data is no JSON value: nan"):
        Loud.emit(Loud.__new__(Loud), "mine", float("nan"))
    with pytest.raises(ValueError, match="the limit is 65,536"):
        Loud.emit(Loud.__new__(Loud), "mine", "x" * 70_000)
