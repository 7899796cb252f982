"""The golden keys of Redis: what the commands of the store have left in it."""

from pathlib import Path
from typing import Any

import msgpack

from rtd.model.run_record import RunEnd, decode_record, encode_record, new_record, with_end
from rtd.model.run_states import RunState
from rtd.model.task_log_entry import LogRow
from rtd.store.commands import keys
from rtd.store.commands.arguments import Cancellation, LeaseOutcome, Submission
from rtd.store.commands.commands import StoreCommands
from rtd.store.commands.node_tasks import TaskSetKind
from rtd.store.commands.schedule_records import FiredOccurrence, SkippedOccurrence
from rtd.store.connection.blocking import RedisConnection
from rtd.store.connection.command import RedisCommand
from rtd.store.embedded.server import EmbeddedRedis
from tests.golden.write_records import AT, EXECUTOR, PARAMS, SPEC, run_id, run_records

NAMESPACE, NODE = "golden", "node1"
NOW_MS = 1_800_000_000_250
NOW_US = NOW_MS * 1000
LIMITED = "limited"
COMMANDS = StoreCommands(NAMESPACE)


def redis_keys(home: Path) -> dict[str, list[Any]]:
    """Type and value of every key, by its name without the prefix of the namespace."""
    server = EmbeddedRedis(home / "redis")
    server.start()
    try:
        with RedisConnection.connect(server.url) as link:
            for command in _commands():
                link.execute(command)
            return dump(link)
    finally:
        server.stop()


def dump(link: RedisConnection) -> dict[str, list[Any]]:
    """Type and value of every key of the namespace, by its name without the prefix."""
    prefix = COMMANDS.prefix.encode()
    names = sorted(link.execute(RedisCommand(("KEYS", prefix.decode() + "*"))))
    found: dict[str, list[Any]] = {}
    for name in names:
        kind = link.execute(RedisCommand(("TYPE", name))).decode()
        value = link.execute(RedisCommand(_READ[kind](name)))
        found[name[len(prefix) :].decode()] = [kind, _sorted(kind, value)]
    return found


_READ: dict[str, Any] = {
    "string": lambda name: ("GET", name),
    "list": lambda name: ("LRANGE", name, 0, -1),
    "set": lambda name: ("SMEMBERS", name),
    "hash": lambda name: ("HGETALL", name),
    "zset": lambda name: ("ZRANGE", name, 0, -1, "WITHSCORES"),
    "stream": lambda name: ("XRANGE", name, "-", "+"),
}


def _sorted(kind: str, value: Any) -> Any:
    """Sets and hashes in the order of their names: Redis has none."""
    if kind == "set":
        return sorted(value)
    if kind == "hash":
        pairs = sorted(zip(value[::2], value[1::2], strict=True))
        return [part for pair in pairs for part in pair]
    return value


def _commands() -> list[RedisCommand]:
    return [*_settings(), *_runs(), *_schedule(), *_faults()]


def _settings() -> list[RedisCommand]:
    calls = COMMANDS
    return [
        calls.claim(NODE, b"", b'{"token": "a", "pid": 4242}', 10_000_000),
        calls.set_startup(NODE, msgpack.packb({"runs": [run_id(0)], "forced": None})),
        calls.set_shutdown_runs(NODE, [run_id(1), run_id(2)]),
        calls.set_param(NODE, "report|day", PARAMS),
        *_own_task("returning", "report"),
        *_own_task("watched", "report"),
        *_own_task("asked", "report"),
        calls.log_switch(NODE, True),
        calls.set_queue_priority("nightly", 5),
        calls.pause(NODE, "paused"),
    ]


def _own_task(kind: TaskSetKind, task: str) -> list[RedisCommand]:
    return [
        COMMANDS.add_tasks(kind, NODE, [task]), COMMANDS.merge_tasks(kind, NODE, NOW_MS)
    ]  # fmt: skip


def _submission(number: int, task: str = "report", **kw: Any) -> Submission:
    spec = SPEC._replace(id=run_id(number), task=task, key=None)
    limit = 1 if task == LIMITED else None
    return Submission(spec.id, new_record(spec), keys.item(spec.id, limit, task), **kw)


def _runs() -> list[RedisCommand]:
    """Run 0 ends, 1 is leased, 2 and 3 share a limit, 4 is delayed, 5 cancelled, 6 queued,
    7 paused."""
    calls = COMMANDS
    place = keys.place("process", "nightly", 7)
    other = keys.place("thread", "nightly", 0)
    paused = keys.place("thread", "paused", 0)
    cancelled = _submission(5)
    end = RunEnd(AT, None, "uid 0 (root)", "not now", None)
    gone = with_end(decode_record(cancelled.record), RunState.CANCELLED, end)
    done = LeaseOutcome(run_id(0), "report", "d", run_records()["executor_succeeded"])
    row = LogRow("report", "fail", run_id(0), AT, AT + 1, "Traceback ...", "no rows")
    return [
        calls.submit(NODE, place, "report", NOW_MS, [_submission(n) for n in (0, 1)]),
        calls.submit(NODE, place, LIMITED, NOW_MS, [_submission(n, LIMITED) for n in (2, 3)]),
        calls.take(NODE, EXECUTOR, "process", 10, NOW_MS, enroll=True),
        calls.log_begun(NODE, [(run_id(0), "report", AT), (run_id(1), "report", AT)]),
        calls.set_progress(EXECUTOR, run_id(1), msgpack.packb([3.0, 10.0, "rows", AT])),
        calls.set_intent(run_id(1), b"\x80"),
        calls.watch_runs([run_id(1)]),
        calls.finish(NODE, EXECUTOR, NOW_MS + 2000, msgpack.packb(_EVENT), 1000, [done]),
        calls.submit(
            NODE, other, "report", NOW_MS,
            [_submission(4, due_ms=NOW_MS + 60_000, expires_ms=NOW_MS + 90_000)],
        ),
        calls.submit(NODE, other, "report", NOW_MS, [_submission(n) for n in (5, 6)]),
        calls.cancel(
            NODE, NOW_MS, b"", 1000,
            Cancellation(
                run_id(5), other, run_id(5), "report", cancelled.record, encode_record(gone)
            ),
        ),
        calls.submit(NODE, paused, "report", NOW_MS, [_submission(7)]),
        *calls.log_store(NODE, "redis", [(row.created, row.pack())]),
    ]  # fmt: skip


_EVENT = [[AT + 2, run_id(0), "report", "finished", "s", ""]]


def _schedule() -> list[RedisCommand]:
    calls, task = COMMANDS, "hourly"
    spec = SPEC._replace(id=run_id(8), task=task)
    fired = FiredOccurrence(
        task, NOW_US, NOW_US + 5, run_id(8), new_record(spec), run_id(8), 0,
        f"late|{run_id(8)}|the daemon was down",
    )  # fmt: skip
    skipped = [
        SkippedOccurrence(task, NOW_US - 9_000_000, True, "skipped||a run was going"),
        SkippedOccurrence(task, NOW_US - 5_000_000, False, "owed||it is made up for"),
    ]
    return [
        *_own_task("watched", task),
        calls.record_served([task], NOW_US - 10_000_000),
        calls.record_skipped(100, NOW_US - 1, skipped),
        calls.fire(NODE, keys.place("main", "default", 0), NOW_MS, 100, NOW_US, [fired]),
        calls.switch(NODE, "nightly", False),
    ]


def _faults() -> list[RedisCommand]:
    record = COMMANDS.record_fault
    return [
        record(NODE, "hook", "startup", "KeyError: 'a' at app.py:3", AT),
        record(NODE, "hook", "startup", "KeyError: 'b' at app.py:3", AT + 1),
        record(NODE, "condition", "is holiday", "OSError: away", AT + 2, halts=True),
    ]
