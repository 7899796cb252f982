"""Events of rtd and those that tasks emit, read with one cursor."""

import asyncio
import json
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pytest
import redis

from rtctl import AsyncClient, Client
from rtctl.generated.shapes import Event
from rtd.common.errors import BadRequest
from tests.helpers.daemon import Daemon, shared_daemon
from tests.helpers.running import client
from tests.helpers.source import PROGRAMS
from tests.helpers.terminal import Terminal

RUNS = 60
OWN, USERS = "{rtd:rtd}:events", "{rtd:rtd}:user_events"


@pytest.fixture(scope="module")
def daemon() -> Iterator[Daemon]:
    with shared_daemon("emitters.py", cwd=PROGRAMS) as daemon:
        yield daemon


@pytest.fixture
def rt(daemon: Daemon) -> Iterator[Client]:
    with client(daemon) as rt:
        yield rt


def names(events: list[Event]) -> list[str]:
    return [event["event"] for event in events]


def server(rt: Client) -> "redis.Redis":
    return redis.Redis.from_url(rt.info()["redis"]["address"])


def newest(rt: Client) -> str:
    parts = rt.rpc.events(limit=0)
    assert list(parts) == []
    assert parts.answer is not None
    last = parts.answer["last"]
    assert last is not None
    return last


def test_both_kinds_come_in_their_order_with_event_and_data(rt: Client) -> None:
    since = newest(rt)
    run = rt.submit("pair").wait(20)
    found = list(rt.events(since=since))
    assert [event for event in names(found) if event != "started"] == [
        "queued", "first", "second", "succeeded",
    ]  # fmt: skip
    first = next(event for event in found if event["event"] == "first")
    assert (first["what"], first["data"], first["attempt"]) == ("emitted", {"of": 2}, 1)
    assert {event["run"] for event in found} == {run.id}
    assert {event["task"] for event in found} == {"pair"}
    assert not any(event["gap"] for event in found)


def test_a_client_that_connects_anew_after_each_event_sees_each_once(
    daemon: Daemon, rt: Client
) -> None:
    since = began = newest(rt)
    seen: list[Event] = []
    runs = [rt.submit("count", to=3) for _ in range(4)]
    while names(seen).count("succeeded") < RUNS:
        with client(daemon) as other:
            seen.append(next(iter(other.events(follow=True, since=since))))
        since = seen[-1]["id"]
        if seen[-1]["event"] == "queued" and len(runs) < RUNS:
            runs.append(rt.submit("count", to=3))  # runs go on while it reads
    assert not any(event["gap"] for event in seen)
    ids = [began, *(event["id"] for event in seen)]
    assert len(set(ids)) == len(ids)
    with server(rt) as store:
        for which, key in enumerate((OWN, USERS)):
            # An entry with several events has `:1` behind the place of its first one.
            places = [one.split("/")[which].partition(":")[0] for one in ids]
            mine = [after for before, after in pairwise(places) if after != before]
            entries = store.xrange(key, f"({places[0]}", places[-1])
            assert mine == [entry.decode() for entry, _ in entries]
    told = [event for event in seen if event["event"] != "started"]  # late if none followed yet
    for run in runs:
        assert names([event for event in told if event["run"] == run.id]) == [
            "queued", "counted", "counted", "counted", "succeeded",
        ]  # fmt: skip


def test_more_events_than_a_page_come_in_order_and_once(rt: Client) -> None:
    since = newest(rt)
    run = rt.submit("count", to=300).wait(20)
    found = list(rt.events(since=since, limit=1000, type="counted"))
    assert [event["data"] for event in found] == list(range(300))
    whole = list(rt.events(since=since, limit=1000, run=run.id))
    assert (names(whole)[0], names(whole)[-1]) == ("queued", "succeeded")
    ids = [event["id"] for event in rt.events(since=since, type="counted")]
    assert ids == [event["id"] for event in found], "all, without a limit"
    assert len(list(rt.events(since=since, limit=7))) == 7
    assert len(list(rt.events())) == 100


def test_an_async_client_gives_all_behind_a_cursor_too(daemon: Daemon, rt: Client) -> None:
    since = newest(rt)
    rt.submit("count", to=150).wait(20)

    async def read() -> list[Any]:
        async with AsyncClient(daemon.socket) as aio:
            return [one["data"] async for one in aio.events(since=since, type="counted")]

    assert asyncio.run(read()) == list(range(150))


def test_a_wrong_choice_is_a_bad_request(rt: Client) -> None:
    with pytest.raises(BadRequest, match="type is a name of events or a list of names, not 5"):
        list(rt.events(type=5))  # type: ignore[arg-type]


def test_types_tasks_and_runs_choose(daemon: Daemon, rt: Client) -> None:
    since = newest(rt)
    run = rt.submit("pair").wait(20)
    other = rt.submit("wrong").wait(20)
    assert names(list(rt.events(since=since, type=["second", "succeeded"]))) == [
        "second",
        "succeeded",
    ]
    assert names(list(rt.events(since=since, task="wrong", type="error"))) == ["error"]
    lines = daemon.ok("events", "--since", since, "--type", "first", "--type", "error").splitlines()
    assert lines[0].endswith(f'{run.id}  pair  emitted  first  {{"of": 2}}')
    assert f"{other.id}  wrong  finished  error" in lines[1]
    assert len(lines) == 2


@pytest.mark.parametrize("key", [OWN, USERS])
def test_the_id_of_one_entry_still_goes_on_from_there(rt: Client, key: str) -> None:
    rt.submit("pair").wait(20)
    rt.submit("pair").wait(20)
    with server(rt) as store:
        (last, _), *_, (before, _) = store.xrevrange(key, count=3)
        is_in_both = all(store.xrange(one, before, before) for one in (OWN, USERS))
    found = list(rt.events(since=before.decode()))
    mine = [event for event in found if (event["what"] == "emitted") == (key == USERS)]
    places = [event["id"].split("/")[key == USERS] for event in mine]
    assert places[-1] == last.decode()
    if is_in_both:  # nothing is left out, so one may come twice
        assert len(places) >= 2
    else:
        assert before.decode() not in places


def test_what_was_trimmed_away_is_said_and_the_oldest_come(daemon: Daemon, rt: Client) -> None:
    since = newest(rt)
    run = rt.submit("count", to=20).wait(20)
    with server(rt) as store:
        store.xtrim(USERS, maxlen=5, approximate=False)
    found = list(rt.events(since=since, run=run.id, type="counted"))
    assert [(event["data"], event["gap"]) for event in found] == [
        (15, True), (16, False), (17, False), (18, False), (19, False),
    ]  # fmt: skip
    late = "rtctl: it came too late for some events, which are gone;"
    for words in (["-o", "jsonl"], []):
        done = daemon.rtctl("events", "--since", since, "--type", "counted", *words)
        assert (done.returncode, done.stdout.count("\n")) == (0, 5)
        assert done.stderr.startswith(late)
        assert done.stderr.count("\n") == 1
    # Also where none of those that are left is wanted.
    assert daemon.rtctl("events", "--since", since, "--type", "none").stderr.startswith(late)
    assert json.loads(daemon.ok("events", "--since", since, "-j"))["trimmed"] is True
    assert daemon.rtctl("events", "--since", found[0]["id"]).stderr == ""
    assert daemon.rtctl("events", "--since", "0-0").stderr.count("too late") == 0
    following = Terminal(
        ["rtctl", "events", "-f", "--since", since, "--type", "counted"], daemon.env, 120
    )
    text = following.read_until("counted  19")
    assert text.index(late) < text.index("counted  15")
    assert text.count(late) == 1
    following.process.send_signal(2)
    following.finish()


def test_an_async_client_has_the_same_events(daemon: Daemon, rt: Client) -> None:
    since = newest(rt)
    run = rt.submit("pair").wait(20)

    async def read() -> list[Event]:
        async with AsyncClient(daemon.socket) as aio:
            return [event async for event in aio.events(since=since, run=run.id)]

    assert asyncio.run(read()) == [
        {**event, "sub": one["sub"]}
        for event, one in zip(rt.events(since=since, run=run.id), asyncio.run(read()), strict=True)
    ]


def test_following_shows_events_of_tasks_as_they_come(daemon: Daemon, rt: Client) -> None:
    following = rt.events(follow=True, since=newest(rt), type=["second"])
    for _ in range(3):
        run = rt.submit("pair")
        event = next(following)
        assert (event["run"], event["event"], event["data"]) == (run.id, "second", None)


def test_an_entry_of_another_program_is_left_out(daemon: Daemon, rt: Client) -> None:
    since = newest(rt)
    with server(rt) as store:
        store.xadd(USERS, {"b": b"no JSON"})
        store.xadd(USERS, {"b": b"[1]"})
        store.xadd(OWN, {"b": b"\xc1"})
        store.xadd(USERS, {"b": rb'{"event": "half", "data": "\udce9", "run": "", "at": 1}'})
    rt.submit("pair").wait(20)
    events = list(rt.events(since=since))
    assert events[0]["data"] == "?"
    found = [name for name in names(events) if name != "started"]
    assert found == ["half", "queued", "first", "second", "succeeded"]
