"""Events that tasks emit, heard by a plain client of Redis."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from rtctl import Client
from tests.helpers.daemon import Daemon, shared_daemon
from tests.helpers.pubsub import read_events, subscribe_to_all
from tests.helpers.source import PROGRAMS


@pytest.fixture(scope="module")
def daemon() -> Iterator[Daemon]:
    with shared_daemon("class_tasks.py", cwd=PROGRAMS) as daemon:
        yield daemon


@pytest.fixture
def heard(daemon: Daemon) -> Iterator["redis.client.PubSub"]:
    with subscribe_to_all(daemon) as pubsub:
        yield pubsub


def test_events_of_init_threads_and_stop_are_published(
    daemon: Daemon, heard: "redis.client.PubSub"
) -> None:
    with Client(daemon.socket) as rt:
        run = rt.submit("Loud", to=0)
        first = read_events(heard, 4)
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
        (stopping, _) = [one for many in read_events(heard, 2).values() for one in many]
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


@pytest.mark.parametrize(
    ("event", "data", "reason"),
    [
        ("mine", {"name": "caf\udce9"}, r"data\.name is no JSON value: .*surrogates not allowed"),
        ("mine", {"caf\udce9": 1}, r"data is no JSON value: the key 'caf\\udce9' is no text"),
        ("caf\udce9", 1, r"the name of an event is a text, not 'caf\\udce9'"),
    ],
)
def test_half_of_a_character_is_no_json(event: str, data: object, reason: str) -> None:
    from tests.programs.class_tasks import Loud

    with pytest.raises(TypeError, match=reason):
        Loud.emit(Loud.__new__(Loud), event, data)
    Loud.emit(Loud.__new__(Loud), "mine", "\N{GRINNING FACE}")  # JSON writes it as two halves
