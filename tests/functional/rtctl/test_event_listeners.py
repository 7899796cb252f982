"""Events for those who listen: subscribers of the channels, and followers; `started` above all."""

import contextlib
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import redis

from rtctl import Client
from rtctl.client.run import Run
from tests.helpers.daemon import Daemon, shared_daemon
from tests.helpers.deadline import until
from tests.helpers.running import client, until_running
from tests.helpers.source import PROGRAMS

Message = dict[str, Any]


@pytest.fixture(scope="module")
def daemon() -> Iterator[Daemon]:
    with shared_daemon("emitters.py", cwd=PROGRAMS) as daemon:
        yield daemon


@pytest.fixture
def rt(daemon: Daemon) -> Iterator[Client]:
    with client(daemon) as rt:
        yield rt


@pytest.fixture
def store(rt: Client) -> Iterator["redis.Redis"]:
    with redis.Redis.from_url(rt.info()["redis"]["address"], decode_responses=True) as store:
        yield store


class Listener:
    """What a subscriber has heard, in its order."""

    def __init__(self, pubsub: "redis.client.PubSub") -> None:
        self._pubsub = pubsub
        self.seen: list[Message] = []

    def hear(self) -> None:
        """Wait for a message for a moment."""
        message = self._pubsub.get_message(timeout=1)
        if message is not None and message["type"] == "pmessage":
            self.seen.append({**json.loads(message["data"]), "channel": message["channel"]})

    def until(self, run: Run, name: str) -> Message:
        """The first event of this name and run, once it is there."""

        def found() -> Message | None:
            mine = [one for one in self.of(run) if one["event"] == name]
            if not mine:
                self.hear()
            return mine[0] if mine else None

        return until(found, within_s=20, what=f"{name} of {run}")

    def of(self, run: Run) -> list[Message]:
        """What was heard of a run."""
        return [one for one in self.seen if one["run"] == run.id]

    def names(self, run: Run) -> list[str]:
        """The names of the events that were heard of a run."""
        return [one["event"] for one in self.of(run)]


@contextlib.contextmanager
def subscribed(store: "redis.Redis", *patterns: str) -> Iterator[Listener]:
    """Subscribe to channels."""
    with store.pubsub() as pubsub:
        pubsub.psubscribe(*patterns)
        until(lambda: pubsub.get_message(timeout=1) is not None, within_s=10, what="subscribed")
        # The scripts may know for 0.1 s yet that nothing subscribes.
        until(lambda: not store.exists("{rtd:rtd}:listened"), within_s=10, what="it is seen")
        yield Listener(pubsub)


def test_a_subscriber_hears_the_life_of_a_short_run_in_order(
    rt: Client, store: "redis.Redis"
) -> None:
    for _ in range(20):
        with subscribed(store, "{rtd:rtd}:task:pair") as listener:
            run = rt.submit("pair")
            end = listener.until(run, "succeeded")
            assert listener.names(run) == ["queued", "started", "first", "second", "succeeded"]
            assert sorted(end) == [
                "at", "attempt", "channel", "data", "event", "id", "run", "task",
            ]  # fmt: skip
            assert (end["task"], end["attempt"], end["data"]) == ("pair", 1, None)
            assert run.wait(20).row["ended_at"] == pytest.approx(end["at"], abs=0.001)


def test_a_long_run_is_told_to_have_started_while_it_runs(
    rt: Client, store: "redis.Redis", tmp_path: Path
) -> None:
    with subscribed(store, "{rtd:rtd}:task:gated") as listener:
        run = rt.submit("gated", gate=str(tmp_path / "gate"))
        started = listener.until(run, "started")
        assert run.refresh().state == "running"
        assert (started["attempt"], started["data"]) == (1, None)
        (tmp_path / "gate").touch()
        listener.until(run, "succeeded")
        assert listener.names(run).count("started") == 1
        assert store.smembers("{rtd:rtd}:started") == set()


def test_progress_is_heard_with_the_attempt(
    rt: Client, store: "redis.Redis", tmp_path: Path
) -> None:
    with subscribed(store, "{rtd:rtd}:task:gated") as listener:
        run = rt.submit("gated", gate=str(tmp_path / "gate"))
        progress = listener.until(run, "progress")
        assert progress["data"] == {"done": 1, "total": 2, "text": "half"}
        assert progress["attempt"] == 1
        (tmp_path / "gate").touch()
        run.wait(20)
        found = list(rt.events(run=run.id, type="progress"))
        assert [event["data"] for event in found] == [progress["data"]]


def test_retries_failures_kills_and_cancels_are_heard(
    rt: Client, store: "redis.Redis", tmp_path: Path
) -> None:
    with subscribed(store, "{rtd:rtd}:run:*") as listener:
        wrong = rt.submit("wrong")
        assert "it is wrong" in listener.until(wrong, "error")["data"]
        twice = rt.submit("twice")
        listener.until(twice, "succeeded")
        names = ["queued", "started", "retry", "started", "succeeded"]
        assert listener.names(twice) == names
        assert [one["attempt"] for one in listener.of(twice)] == [None, 1, 1, 2, 2]
        killed = until_running(rt.submit("gated", gate=str(tmp_path / "none")))
        killed.kill(grace=0.2)
        assert listener.until(killed, "terminated")["attempt"] == 1
        later = rt.task("nothing", delay="1h").submit()
        listener.until(later, "queued")
        later.cancel(reason="no more")
        assert "no more" in listener.until(later, "cancelled")["data"]


def test_each_run_of_a_chunk_is_heard(rt: Client, store: "redis.Redis") -> None:
    with subscribed(store, "{rtd:rtd}:run:*") as listener:
        runs = rt.submit_many("nothing", [{}] * 50)
        for run in runs:
            listener.until(run, "succeeded")
            assert listener.names(run) == ["queued", "started", "succeeded"]


def test_a_follower_sees_each_start_once_and_before_its_end(
    rt: Client, store: "redis.Redis", daemon: Daemon
) -> None:
    store.delete("{rtd:rtd}:followed")
    heard: list[str] = []

    def follow() -> None:
        with client(daemon) as other:
            for event in other.events(follow=True):
                heard.append(f"{event['event']} {event['run']}")
                if event["event"] == "error":
                    return

    thread = threading.Thread(target=follow)
    thread.start()
    until(lambda: store.exists("{rtd:rtd}:followed"), within_s=20, what="a client follows")
    runs = rt.submit_many("nothing", [{}] * 100)
    for run in runs:
        run.wait(20)
    rt.submit("wrong")  # the last event
    thread.join(20)
    assert sum(word.startswith("succeeded ") for word in heard) == len(runs)
    for run in runs:
        assert heard.count(f"started {run.id}") == 1
        assert heard.index(f"started {run.id}") < heard.index(f"succeeded {run.id}")


def test_without_listeners_nothing_is_added(rt: Client, store: "redis.Redis") -> None:
    store.delete("{rtd:rtd}:followed", "{rtd:rtd}:listened")
    run = rt.submit("nothing").wait(20)
    assert [event["event"] for event in rt.events(run=run.id)] == ["queued", "succeeded"]
    assert store.get("{rtd:rtd}:listened") in ("0", "s", None)
