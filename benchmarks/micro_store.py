"""Measure the store alone: take + finish in one trip, submit, idle hand-off.

    python benchmarks/micro_store.py [path of a redis-server]

Figures of no-op runs through the real scripts on a private Redis with its append-only file
on. Machines, and minutes of the same machine, differ: compare ratios.
"""

import multiprocessing
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

from rtd.common.ids import new_id, new_ids
from rtd.store.commands import keys
from rtd.store.commands.arguments import LeaseOutcome, Submission
from rtd.store.commands.commands import StoreCommands
from rtd.store.connection.blocking import RedisConnection
from rtd.store.connection.command import RedisCommand
from rtd.store.embedded.choose_server import choose_server
from rtd.store.embedded.find_server import probe_server
from rtd.store.embedded.server import EmbeddedRedis

CALLS = StoreCommands("bench")
PLACE = keys.place("process", "default", 0)
RECORD = b"q" + b"x" * 250
DONE = b"s" + b"x" * 400


def now_ms() -> int:
    return int(time.time() * 1000)


def submit(link: RedisConnection, count: int) -> float:
    """Submit runs in batches of 1000. Return microseconds per run inside Redis."""
    link.execute(RedisCommand(("CONFIG", "RESETSTAT")))
    for first in range(0, count, 1000):
        ids = new_ids(min(1000, count - first))
        runs = [Submission(i, RECORD, i) for i in ids]
        link.execute(CALLS.submit("n", PLACE, "bench", now_ms(), runs))
    stats = link.execute(RedisCommand(("INFO", "commandstats"))).decode()
    line = next(ln for ln in stats.splitlines() if ln.startswith("cmdstat_evalsha:"))
    return float(line.split("usec=")[1].split(",")[0]) / count


def drain(url: str, exec_id: str, batch: int) -> None:
    """One executor that takes and finishes runs without work, as fast as it can."""
    with RedisConnection.connect(url) as link:
        took = link.execute(CALLS.take("n", exec_id, "process", batch, now_ms(), enroll=True))
        event = b"e" * 80
        while took.runs:
            outcomes = [LeaseOutcome(run.id, "bench", "d", DONE) for run in took.runs]
            now = now_ms()
            wrong, took = link.execute_all(
                CALLS.finish("n", exec_id, now, event * len(outcomes), 10_000, outcomes),
                CALLS.take("n", exec_id, "process", batch, now),
            )
            assert not wrong


def throughput(url: str, batch: int, count: int, executors: int) -> tuple[float, float, float]:
    """Return runs per second, Redis' CPU, and microseconds in scripts per run."""
    with RedisConnection.connect(url) as link:
        link.execute(RedisCommand(("FLUSHALL",)))
        submit(link, count)
        link.execute(RedisCommand(("CONFIG", "RESETSTAT")))
        before = redis_cpu_s(link)
        workers = [
            multiprocessing.Process(target=drain, args=(url, f"E{i}", batch))
            for i in range(executors)
        ]
        began = time.perf_counter()
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        took_s = time.perf_counter() - began
        stats = link.execute(RedisCommand(("INFO", "commandstats"))).decode()
        line = next(ln for ln in stats.splitlines() if ln.startswith("cmdstat_evalsha:"))
        usec = float(line.split("usec=")[1].split(",")[0])
        return count / took_s, (redis_cpu_s(link) - before) / count * 1e6, usec / count


def redis_cpu_s(link: RedisConnection) -> float:
    """Return the CPU seconds of the server so far."""
    text = link.execute(RedisCommand(("INFO", "cpu"))).decode()
    values = dict(line.split(":") for line in text.splitlines() if ":" in line)
    return float(values["used_cpu_user"]) + float(values["used_cpu_sys"])


def idle(url: str, count: int) -> list[float]:
    """Return microseconds from just before a submit until an idle executor has its run."""
    ready, found = os.pipe(), os.pipe()
    pid = os.fork()
    if pid == 0:
        with RedisConnection.connect(url) as link:
            enroll = True
            for _ in range(count):
                took = link.execute(CALLS.take("n", "I", "idle", 1, now_ms(), enroll=enroll))
                enroll = False
                assert took.what == "idle"
                link.blpop_start(CALLS.bell_key("I"))
                os.write(ready[1], b".")
                polled = link.blpop_poll(None)
                at = time.perf_counter_ns()
                assert polled.token
                os.write(found[1], at.to_bytes(8, "little"))
                done = LeaseOutcome(polled.token[:26].decode(), "bench", "d", DONE)
                link.execute(CALLS.finish("n", "I", now_ms(), b"", 100, [done]))
        os._exit(0)
    took_us = []
    with RedisConnection.connect(url) as link:
        place = keys.place("idle", "default", 0)
        for _ in range(count):
            os.read(ready[0], 1)
            time.sleep(0.003)
            run = new_id()
            at = time.perf_counter_ns()
            link.execute(CALLS.submit("n", place, "b", now_ms(), [Submission(run, RECORD, run)]))
            took_us.append((int.from_bytes(os.read(found[0], 8), "little") - at) / 1000)
    os.waitpid(pid, 0)
    return took_us


def main() -> None:
    home = Path(tempfile.mkdtemp(prefix="rtd-bench-"), "redis")
    server = probe_server(Path(sys.argv[1])) if len(sys.argv) > 1 else choose_server(home)
    if server is None:
        sys.exit(f"{sys.argv[1]} is no redis-server")
    embedded = EmbeddedRedis(home, server=server)
    embedded.start()
    print(f"{server.path}: {server.describe()}")
    try:
        with RedisConnection.connect(embedded.url) as link:
            submit(link, 1000)
            began = time.perf_counter()
            inside = submit(link, 50_000)
            rate = 50_000 / (time.perf_counter() - began)
            print(f"submit, batches of 1000: {rate:,.0f}/s, {inside:.2f} us per run in Redis")
        for executors in (1, 2):
            for batch in (1, 16, 64, 128):
                count = 20_000 if batch == 1 else 60_000
                rate, cpu, inside = throughput(embedded.url, batch, count, executors)
                print(
                    f"take+finish, {executors} executors, batch {batch}: {rate:,.0f} runs/s, "
                    f"Redis {cpu:.1f} us CPU per run, {inside:.1f} in scripts"
                )
        times = sorted(idle(embedded.url, 400))
        p99 = times[int(len(times) * 0.99)]
        print(f"idle hand-off: p50 {statistics.median(times):.0f} us, p99 {p99:.0f} us")
    finally:
        embedded.stop()


if __name__ == "__main__":
    main()
