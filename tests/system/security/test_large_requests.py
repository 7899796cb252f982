"""What one request of a client may cost: its targets, its size, its values, and its end."""

import time
from collections.abc import Iterator

import pytest

from rtctl import Client
from rtd.common.errors import BadRequest, FrameTooLarge, NoSuchRun, TooLarge
from rtd.common.ids import new_ids
from rtd.protocol import frames
from rtd.rpc.core.for_each_target import WORKERS
from rtd.store.commands import keys
from rtd.store.connection.command import RedisCommand
from tests.helpers.bad_records import VALUE_CHANGES
from tests.helpers.daemon import Daemon, shared_daemon
from tests.helpers.deadline import until
from tests.helpers.occurrences import connect_redis
from tests.helpers.raw_client import RawClient
from tests.helpers.running import client
from tests.helpers.source import PROGRAMS

LIMIT = 10_000
PREFIX = keys.prefix("rtd")
#: Resident memory beyond which one request has cost too much.
GROWTH_BYTES = 100 << 20


@pytest.fixture(scope="module")
def daemon() -> Iterator[Daemon]:
    """A daemon with 1,000 ended runs of 100 KB each."""
    flags = ["--set", "lanes.process.max=1"]
    with shared_daemon("jobs:session", flags, cwd=PROGRAMS) as daemon:
        with client(daemon) as rt:
            rt.pause_queue("default")
            rt.cancel(*rt.submit_many("echo", [{"value": "x" * 100_000} for _ in range(1000)]))
            rt.resume_queue("default")
        yield daemon


@pytest.fixture
def rt(daemon: Daemon) -> Iterator[Client]:
    """A client of this daemon."""
    with client(daemon) as found:
        yield found


def memory_of(daemon: Daemon) -> int:
    """The peak resident memory of the supervisor, in bytes."""
    assert daemon.process is not None
    with open(f"/proc/{daemon.process.pid}/status") as file:
        (line,) = (line for line in file if line.startswith("VmHWM"))
    return int(line.split()[1]) << 10


@pytest.mark.parametrize("verb", ["kill", "cancel", "retry", "wait"])
def test_too_many_runs_in_one_request_are_refused_with_the_setting(
    daemon: Daemon, verb: str
) -> None:
    with RawClient(daemon) as raw, pytest.raises(TooLarge, match=r"raise limits\.targets"):
        raw.call(verb, runs=["AAAA"] * (LIMIT + 1))


@pytest.mark.parametrize(
    ("verb", "params"),
    [
        ("queue_pause", {"queues": ["q"] * (LIMIT + 1)}),
        ("disable", {"tasks": ["echo"] * (LIMIT + 1)}),
        ("submit", {"task": "echo", "many": [{"value": 1}] * (LIMIT + 1)}),
    ],
)
def test_so_are_queues_tasks_and_submits(
    daemon: Daemon, verb: str, params: dict[str, object]
) -> None:
    with RawClient(daemon) as raw, pytest.raises(TooLarge, match=f"the limit is {LIMIT:,}"):
        raw.call(verb, **params)


@pytest.mark.parametrize("verb", ["kill", "cancel", "retry"])
def test_ten_thousand_short_names_cost_one_reading_and_little_memory(
    daemon: Daemon, verb: str
) -> None:
    names = [f"ZZ{number:04X}" for number in range(LIMIT)]
    before = memory_of(daemon)
    with RawClient(daemon) as raw:
        began = time.monotonic()
        outcomes = raw.call(verb, runs=names)["runs"]
        took_s = time.monotonic() - began
    assert {one["error"][0] for one in outcomes} == {"no_such_run"}
    assert [one["run"] for one in outcomes] == names
    assert memory_of(daemon) - before < GROWTH_BYTES
    assert took_s < 10  # it took minutes


def test_a_list_of_large_records_costs_little_memory(daemon: Daemon) -> None:
    before = memory_of(daemon)
    with RawClient(daemon) as raw:
        assert len(raw.call("ls", limit=LIMIT)["runs"]) == 1000
        assert len(raw.call("ls", limit=LIMIT, state=["cancelled"])["runs"]) == 1000
    assert memory_of(daemon) - before < GROWTH_BYTES


def test_waiting_for_large_records_costs_little_memory(daemon: Daemon) -> None:
    before = memory_of(daemon)
    with RawClient(daemon) as raw:
        ids = [row["id"] for row in raw.call("ls", limit=1000)["runs"]]
        assert len(raw.call("wait", runs=ids)["runs"]) == 1000
    assert memory_of(daemon) - before < GROWTH_BYTES


def test_the_waits_of_one_connection_share_a_bound(daemon: Daemon, rt: Client) -> None:
    rt.pause_queue("never")
    run = rt.submit_with("echo", {"value": 1}, {"queue": "never"})
    with RawClient(daemon) as raw:
        raw.send("wait", runs=[run.id] * LIMIT)
        with pytest.raises(TooLarge, match="wait for their answers"):
            raw.call("wait", runs=[run.id])
    with RawClient(daemon) as raw:  # the other one has gone, and so has its share
        assert raw.call("cancel", runs=[run.id] * LIMIT)["runs"][0]["state"] == "cancelled"


def watched(daemon: Daemon, run_id: str) -> bool:
    """Whether a client waits for the run."""
    with connect_redis(daemon) as store:
        return bool(store.execute(RedisCommand(("SISMEMBER", f"{PREFIX}waits", run_id))))


def test_a_client_that_hangs_up_with_requests_unread_ends_its_waits(
    daemon: Daemon, rt: Client
) -> None:
    rt.pause_queue("never")
    run = rt.submit_with("echo", {"value": 1}, {"queue": "never"})
    with RawClient(daemon) as raw:
        for _ in range(100):  # more than are taken at once: the rest is not read
            raw.send("wait", runs=[run.id])
        until(lambda: watched(daemon, run.id), what="it is waited for")
    until(lambda: not watched(daemon, run.id), what="the daemon has seen that the client is gone")
    rt.cancel(run)


def test_work_on_targets_ends_when_the_client_hangs_up(daemon: Daemon, rt: Client) -> None:
    rt.pause_queue("many")
    some = rt.submit_many("echo", [{"value": 1}] * 5000, {"queue": "many"})
    runs = [run.id for run in some]
    with RawClient(daemon) as raw:
        raw.send("cancel", runs=runs)
    for _ in range(2):
        rt.ping()  # by then the daemon has seen that the client is gone
    first = waiting_in(rt, "many")
    for _ in range(50):
        rt.ping()
    assert first > 1000
    assert first - waiting_in(rt, "many") <= WORKERS
    rt.rpc.queue_purge(queue="many")


def waiting_in(rt: Client, queue: str) -> int:
    """How many runs wait in a queue."""
    return sum(row["queued"] for row in rt.queues() if row["queue"] == queue)


@pytest.mark.parametrize("item", [b"\x80", b"\x90", b"\x01", b"\xa1a", b"\xd9\x00"])
def test_a_frame_of_tiny_values_is_refused_quickly(daemon: Daemon, item: bytes) -> None:
    count = 14_000_000 // len(item)
    many = b"\xdd" + count.to_bytes(4, "big") + item * count
    frame = b"\x94\x00\x05\xa6submit\x91\x82\xa4task\xa4echo\xa4many" + many
    with RawClient(daemon) as raw, RawClient(daemon) as other:
        raw.link.sendall(frame)
        began = time.monotonic()
        other.call("ping")
        took_s = time.monotonic() - began
        answer = raw.receive()
    assert isinstance(answer.error, FrameTooLarge)
    assert "values" in answer.error.sentence
    assert took_s < 0.5


def test_nested_values_are_counted_too(daemon: Daemon) -> None:
    inner = b"\xdc\xff\xff" + b"\x90" * 65535
    params = b"\x81\xa5value\xdc\x00\x10" + inner * 16
    frame = b"\x94\x00\x05\xa6submit\x91\x82\xa4task\xa4echo\xa6params" + params
    with RawClient(daemon) as raw:
        raw.link.sendall(frame)
        assert isinstance(raw.receive().error, FrameTooLarge)


def test_half_frames_of_all_clients_share_a_bound(daemon: Daemon) -> None:
    half = b"\x94\x00\x05\xa6submit\x91\x81\xa6params\xc6\x00\xe0\x00\x00" + bytes(14 << 20)
    before = memory_of(daemon)
    raws = [RawClient(daemon) for _ in range(20)]
    for raw in raws:
        raw.link.sendall(half[:-1000])
    gone = [raw for raw in raws[:12] if isinstance(raw.receive().error, FrameTooLarge)]
    assert len(gone) == 12  # the oldest went first
    assert memory_of(daemon) - before < 250 << 20
    raws[-1].link.sendall(bytes(2000))  # the latest may still finish its own
    raws[-1].receive()
    for raw in raws:
        raw.link.close()


def test_long_texts_are_refused_wherever_they_would_stay(daemon: Daemon) -> None:
    with RawClient(daemon) as raw:
        for verb, params in (
            ("kill", {"runs": new_ids(1), "reason": "x" * 501}),
            ("queue_pause", {"queues": ["q"], "reason": "x" * 501}),
            ("events", {"task": "x" * 5000, "follow": True}),
            ("ls", {"task": "x" * 5000}),
            ("wait", {"runs": ["x" * 5000]}),
        ):
            with pytest.raises(BadRequest, match="characters; at most"):
                raw.call(verb, **params)


def test_one_unreadable_record_does_not_fail_the_list(daemon: Daemon, rt: Client) -> None:
    good, bad, odd = rt.submit_many("add", [{"a": 1}, {"a": 2}, {"a": 3}])
    rt.wait([good, bad, odd])
    record = frames.dump([frames.dump([1, odd.id, 7, b"", 3, [], "x", "y", 5]), [], None])
    with connect_redis(daemon) as store:
        store.execute(RedisCommand(("SET", f"{PREFIX}r:{bad.id}", b"s\x93\xc4\x01\xff\x90\xc0")))
        store.execute(RedisCommand(("SET", f"{PREFIX}r:{odd.id}", b"s" + record)))
    rows = {row["id"]: row for row in rt.rpc.ls(limit=10)["runs"]}
    assert rows[good.id]["task"] == "add"
    for run in (bad, odd):
        assert rows[run.id]["state"] == "succeeded"
        assert "cannot be read" in str(rows[run.id]["why"])
        assert daemon.rtctl("show", run.id).returncode == 1
    shown = daemon.ok("ls")
    assert good.id[-4:] in shown
    assert "cannot be read" in shown
    assert "another program" in daemon.rtctl("show", bad.id).stderr


def test_values_in_a_record_that_cannot_be_read_fail_no_other_row(
    daemon: Daemon, rt: Client
) -> None:
    runs = dict(zip(VALUE_CHANGES, rt.submit_many("add", [{"a": 1}] * 3), strict=True))
    rt.wait(list(runs.values()))
    with connect_redis(daemon) as store:
        for change, run in runs.items():
            key = f"{PREFIX}r:{run.id}"
            blob = VALUE_CHANGES[change](store.execute(RedisCommand(("GET", key))))
            store.execute(RedisCommand(("SET", key, blob)))
            store.execute(RedisCommand(("HSET", f"{PREFIX}progress", run.id, b"garbage")))
    rows = {row["id"]: row for row in rt.rpc.ls(limit=10)["runs"]}
    assert {rows[run.id]["state"] for run in runs.values()} == {"succeeded"}
    for change, run in runs.items():
        done = daemon.rtctl("result" if change == "its result" else "show", run.id)
        assert done.returncode == 1
        assert f"cannot be read ({change.partition(',')[0]}" in done.stderr
        assert done.stderr.count("\n") == 1


def test_a_run_that_is_not_there_is_no_run(daemon: Daemon) -> None:
    with RawClient(daemon) as raw, pytest.raises(NoSuchRun):
        raw.call("wait", runs=new_ids(1))
