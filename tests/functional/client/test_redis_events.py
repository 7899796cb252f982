"""The events of a client that has nothing but the Redis of the workers, and of one of a daemon."""

import asyncio
import contextlib
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest
import redis

from rtctl import AsyncClient, Client
from rtd.common.errors import BadRequest, NoSuchRun, StoreGone
from tests.helpers.daemon import Daemon, DaemonMaker
from tests.helpers.deadline import until
from tests.helpers.external import ExternalRedis
from tests.helpers.needs_gevent import NEEDS_GEVENT
from tests.helpers.source import PROGRAMS

Parts = Any
Event = dict[str, Any]


@pytest.fixture
def worker(start_daemon: DaemonMaker, external: ExternalRedis) -> Daemon:
    """A worker with tasks that emit."""
    return start_daemon("emitters:session", cwd=PROGRAMS, flags=["--redis", external.url])


@pytest.fixture
def rt(worker: Daemon, external: ExternalRedis) -> Iterator[Client]:
    """A client of that Redis."""
    with Client(external.url) as found:
        yield found


@pytest.fixture(params=["redis", "daemon"])
def either(
    request: pytest.FixtureRequest, worker: Daemon, external: ExternalRedis
) -> Iterator[Client]:
    """A client of that Redis, or of the daemon."""
    with Client(external.url if request.param == "redis" else worker.socket) as found:
        yield found


def following(rt: Client, **only: Any) -> AbstractContextManager[Parts]:
    """The stream of those to come, from now on."""
    since = newest(rt)
    return contextlib.closing(rt.rpc.events(follow=True, since=since, **only))


def newest(rt: Client) -> str:
    """The place behind all events there are."""
    parts = rt.rpc.events(limit=0)
    assert list(parts) == []
    assert parts.answer is not None
    assert parts.answer["last"] is not None
    return parts.answer["last"]


def next_of(parts: Parts, name: str) -> Event:
    """The next event of this name."""
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        part = parts.next_within(deadline - time.monotonic())
        if part is not None and part["event"] == name:
            return dict(part)
    raise AssertionError(f"no event {name}")


def without_request(events: Iterator[Any]) -> list[Event]:
    """Events, without the id of the request that they answer."""
    return [{name: one for name, one in event.items() if name != "sub"} for event in events]


def test_past_events_are_those_of_a_client_of_the_daemon(worker: Daemon, rt: Client) -> None:
    run = rt.submit("count", to=3).wait(timeout=20)
    rt.submit("wrong").wait(timeout=20)
    rt.submit("pair").wait(timeout=20)
    choices: list[dict[str, Any]] = [
        {}, {"task": "count"}, {"run": run.id}, {"run": run.id[-8:]}, {"type": "counted"},
        {"type": ["second", "error"]}, {"limit": 2}, {"limit": 0}, {"limit": 1, "task": "pair"},
    ]  # fmt: skip
    with Client(worker.socket) as direct:
        whole = without_request(rt.events())
        assert len(whole) > 8
        places = [{"since": event["id"]} for event in whole]
        for choice in [*choices, *places, {"since": "0-0"}, {"since": whole[3]["id"], "limit": 3}]:
            found = without_request(rt.events(**choice))
            assert found == without_request(direct.events(**choice)), choice
        ours, theirs = rt.rpc.events(since="0-0"), direct.rpc.events(since="0-0")
        assert len(list(ours)) == len(list(theirs)) == len(whole)
        assert ours.answer == theirs.answer


def test_wrong_requests_are_refused_as_the_daemon_does(rt: Client) -> None:
    with pytest.raises(BadRequest, match="no event's id such as"):
        next(rt.events(since="yesterday"))
    with pytest.raises(BadRequest, match="limit must be 0 to 10000"):
        next(rt.events(limit=10_001, follow=True))
    with pytest.raises(NoSuchRun):
        next(rt.events(run="NOSUCHRUN", follow=True))
    with (
        Client("redis://127.0.0.1:1/0") as away,
        pytest.raises(StoreGone, match="no Redis at"),
    ):
        next(away.events(follow=True))


def test_a_follower_hears_of_a_beginning(either: Client, gate: Path) -> None:
    with following(either, task="gated") as parts:
        run = either.submit("gated", gate=str(gate))
        names = [next_of(parts, name)["event"] for name in ("queued", "started")]
        gate.touch()
        assert [*names, next_of(parts, "succeeded")["event"]] == ["queued", "started", "succeeded"]
        assert run.result(timeout=20) is None


def test_the_iterator_yields_what_comes_and_ends_when_it_is_closed(
    rt: Client, external: ExternalRedis
) -> None:
    def connections() -> int:
        with redis.Redis.from_url(external.url) as store:
            return sum(one["cmd"] == "xread" for one in store.client_list())

    events = rt.events(follow=True, since=newest(rt), type="counted")
    rt.submit("count", to=120)
    assert [next(events)["data"] for _ in range(120)] == list(range(120))
    heard: list[Event] = []
    thread = threading.Thread(target=lambda: heard.append(next(events)))
    thread.start()
    until(lambda: connections() == 1, what="it waits in Redis")
    rt.submit("count", to=1)
    thread.join(20)
    assert [event["data"] for event in heard] == [0]
    events.close()
    until(lambda: connections() == 0, what="its connection is closed")
    assert list(events) == []


def test_the_wait_for_the_next_event_has_a_bound(either: Client) -> None:
    with following(either, type=["first"]) as parts:
        began = time.monotonic()
        assert parts.next_within(0.3) is None
        assert parts.next_within(0.0) is None
        assert 0.25 < time.monotonic() - began < 10
        either.submit("pair")
        assert parts.next_within(20)["event"] == "first"
        assert parts.next_within(0.1) is None
        assert parts.answer is None
    assert parts.next_within(1) is None, "it is closed"
    past = either.rpc.events(type=["first"])
    assert past.next_within(20)["event"] == "first"
    assert past.next_within(20) is None
    assert past.answer is not None


def test_a_follower_goes_on_when_redis_has_restarted(
    rt: Client, worker: Daemon, external: ExternalRedis
) -> None:
    with following(rt, type=["counted"]) as parts:
        rt.submit("count", to=2)
        assert [parts.next_within(20)["data"] for _ in range(2)] == [0, 1]
        assert parts.next_within(0.1) is None
        external.kill()
        began = time.monotonic()
        assert parts.next_within(0.5) is None
        assert time.monotonic() - began < 5
        external.start()
        rt.submit("count", to=3)
        found = [parts.next_within(20) for _ in range(3)]
        assert [(one["data"], one["gap"]) for one in found] == [(n, False) for n in range(3)]


def test_what_was_trimmed_while_redis_was_away_is_a_gap(
    rt: Client, worker: Daemon, external: ExternalRedis
) -> None:
    with following(rt, type=["counted"]) as parts:
        rt.submit("count", to=2)
        assert [parts.next_within(20)["data"] for _ in range(2)] == [0, 1]
        external.kill()
        assert parts.next_within(0.3) is None
        external.start()
        rt.submit("count", to=5).wait(timeout=30)
        with redis.Redis.from_url(external.url) as store:
            store.xtrim("{rtd:rtd}:user_events", maxlen=2, approximate=False)
        found = [parts.next_within(20) for _ in range(2)]
        assert [(one["data"], one["gap"]) for one in found] == [(3, True), (4, False)]


async def heard_by(
    events: AsyncIterator[Any], count: int, then: Callable[[], None] = lambda: None
) -> list[Any]:
    """The data of the next events; `then` is called after the first."""
    found = []
    while len(found) < count:
        found.append((await asyncio.wait_for(anext(events), 20))["data"])
        then()
    return found


@pytest.mark.parametrize("kind", ["redis", "daemon"])
def test_an_asyncio_client_follows(worker: Daemon, external: ExternalRedis, kind: str) -> None:
    async def check() -> None:
        address = external.url if kind == "redis" else worker.socket
        async with AsyncClient(address) as rt:
            await (await rt.submit("count", to=2)).wait()
            assert [event["data"] async for event in rt.events(type="counted")] == [0, 1]
            last = [event["id"] async for event in rt.events()][-1]
            events = rt.events(follow=True, since=last, type="counted")
            await rt.submit("count", to=60)
            assert await heard_by(events, 60) == list(range(60))
            await events.aclose()  # type: ignore[attr-defined]
            parts = rt.rpc.events(follow=True, type=["first"])
            assert await parts.next_within(0.3) is None
            await rt.submit("pair")
            found = await parts.next_within(20)
            assert found is not None
            assert found["event"] == "first"
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.2):
                    await parts.next_within(None)
            await rt.submit("pair")
            found = await parts.next_within(20)
            assert found is not None, "a cancelled wait loses nothing"
            await parts.aclose()

    began = time.monotonic()
    asyncio.run(check())
    assert time.monotonic() - began < 25


def test_an_asyncio_follower_goes_on_when_redis_has_restarted_and_ends_with_its_loop(
    worker: Daemon, external: ExternalRedis
) -> None:
    async def check() -> None:
        async with AsyncClient(external.url) as rt:
            followers = [rt.rpc.events(follow=True, type=["counted"]) for _ in range(20)]
            firsts = await asyncio.gather(*[one.next_within(0.3) for one in followers])
            assert firsts == [None] * 20
            external.kill()
            external.start()
            await rt.submit("count", to=1)
            founds = await asyncio.gather(*[one.next_within(20) for one in followers])
            assert [found and found["data"] for found in founds] == [0] * 20
            waiting = asyncio.ensure_future(followers[0].next_within(None))
            await asyncio.sleep(0)
            waiting.cancel()

    asyncio.run(check())


@NEEDS_GEVENT
def test_in_a_program_that_gevent_has_patched_others_go_on_while_one_follows(
    worker: Daemon, external: ExternalRedis
) -> None:
    script = (
        "from gevent import monkey; monkey.patch_all()\n"
        "import gevent\n"
        "from rtctl import Client\n"
        f"rt = Client({external.url!r})\n"
        "events = rt.events(follow=True, type='first')\n"
        "heard = gevent.spawn(next, events)\n"
        "while not heard.ready(): rt.submit('pair').wait(timeout=20)\n"
        "print(heard.get()['event'])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.stdout, done.stderr) == ("first\n", "")
