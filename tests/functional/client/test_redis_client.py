"""A client that has nothing but the Redis of the workers."""

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from functools import partial
from pathlib import Path

import pytest

from rtctl import AsyncClient, Client, RunFailed
from rtd import Session
from rtd.common.errors import (
    BadRequest,
    Conflict,
    ParameterError,
    RtdError,
    StoreGone,
    TooLarge,
    UnknownTask,
    UnserialisableError,
    WaitTimeout,
    WrongState,
)
from rtd.common.ids import new_id
from rtd.common.msgpack_values import pack
from rtd.store.commands.commands import StoreCommands
from rtd.store.connection.blocking import RedisConnection
from rtd.store.connection.command import RedisCommand
from tests.helpers.daemon import Daemon, DaemonMaker
from tests.helpers.deadline import until
from tests.helpers.external import ExternalRedis
from tests.helpers.needs_gevent import NEEDS_GEVENT
from tests.helpers.source import PROGRAMS


@pytest.fixture
def worker(start_daemon: DaemonMaker, external: ExternalRedis) -> Daemon:
    """A worker with the app `jobs`."""
    return start_daemon("jobs:session", cwd=PROGRAMS, flags=["--redis", external.url])


@pytest.fixture
def rt(worker: Daemon, external: ExternalRedis) -> Iterator[Client]:
    """A client of that Redis; nothing else leads it to the worker."""
    with Client(external.url) as found:
        yield found


def lacks(rt: Client, task: str) -> bool:
    """Whether the workers have no task of this name, as far as a client knows."""
    return task not in [row["name"] for row in rt.tasks()]


def declaring() -> Session:
    """The session of a web app, with a task that workers have, and one that they have not."""
    session = Session(as_default=False)

    @session.task(queue="web")
    def add(a: int, b: int = 0, c: int = 0) -> int:
        return a + b + c

    @session.task()
    def only_here() -> None: ...

    return session


def test_a_process_without_anything_but_the_url_gets_its_results(
    worker: Daemon, external: ExternalRedis, tmp_path: Path
) -> None:
    script = (
        "from rtctl import Client\n"
        f"with Client({external.url!r}) as rt:\n"
        "    print(rt.submit('add', a=1, b=2).result(timeout=20))\n"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-c", script], env={}, cwd=tmp_path,
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert (done.stdout, done.stderr) == ("3\n", "")


def test_values_and_rows_are_those_of_a_client_of_the_daemon(worker: Daemon, rt: Client) -> None:
    value = {"day": date(2026, 1, 31), "tags": {"a"}, "pair": (1, [2])}
    run = rt.task("echo", labels=["x"], headers={"trace": "t-1"}, priority=3).submit(value=value)
    assert run.result(timeout=20) == value
    with Client(worker.socket) as direct:
        assert rt.get(run.id).row == direct.get(run.id).row
        shown = rt.rpc.show(run=run.id)
        assert shown["attempts"][0].pop("node")  # to the daemon it is its own
        there = direct.rpc.show(run=run.id)
        assert there["attempts"][0].pop("node") is None
        assert shown == there
        assert [one.row for one in rt.ls()] == [one.row for one in direct.ls()]
        assert rt.rpc.result(run=run.id) == direct.rpc.result(run=run.id)
        assert rt.queues() == direct.queues()


def test_many_runs_are_queued_and_waited_for(rt: Client) -> None:
    runs = rt.submit_many("add", [{"a": n} for n in range(1200)])
    assert rt.wait(runs, timeout=60)[-1].result() == 1199
    assert sorted(run.row["state"] for run in rt.ls(limit=None)) == ["succeeded"] * 1200


def test_a_wait_has_its_end_and_an_unsuccessful_run_its_reason(rt: Client, gate: Path) -> None:
    held = rt.submit("hold", gate=str(gate))
    until(lambda: held.state == "running", what="it runs")
    with pytest.raises(WaitTimeout, match="is not over after 200ms; it continues"):
        held.wait(timeout=0.2)
    other = rt.submit("add", a=1)
    assert other in rt.wait([held, other], timeout=20, any=True)
    with pytest.raises(WrongState, match="is running"):
        held.cancel()
    gate.touch()
    assert held.result(timeout=20) == "released"
    with pytest.raises(RunFailed, match="TypeError"):
        rt.submit("add", a="x", b=1).result(timeout=20)


def test_options_do_what_they_do_over_the_socket(rt: Client) -> None:
    rt.pause_queue("default")
    first = rt.task("add", id="order-7").submit(a=1)
    assert not rt.task("add", id="order-7").submit(a=1).created
    with pytest.raises(Conflict, match="has other parameters"):
        rt.task("add", id="order-7").submit(a=2)
    expires = rt.task("add", expires=0.2).submit(a=1)
    assert expires.wait(timeout=20).row["by"] == "expired"
    cancelled = rt.submit("add", a=1)
    cancelled.cancel("no longer wanted")
    assert "no longer wanted" in (cancelled.error or "")
    urgent, single = rt.task("add", priority=9).submit(a=2), rt.submit("single")
    delayed = rt.task("add", delay=timedelta(seconds=0.3)).submit(a=3)
    rt.resume_queue("default")
    rt.wait([first, urgent, single, delayed], timeout=20)
    rows = [run.row for run in (urgent, first)]
    assert rows[0]["started_at"] <= rows[1]["started_at"], "the higher priority comes first"
    assert delayed.row["started_at"] - delayed.row["submitted_at"] >= 0.3
    assert rt.rpc.show(run=single.id)["policies"] == {"max_concurrency": 1}


def test_what_cannot_run_is_refused_as_the_daemon_refuses_it(rt: Client) -> None:
    with pytest.raises(ParameterError, match=r"misses 'a' and does not take 'x'; .*on node"):
        rt.submit("add", x=1)
    with pytest.raises(UnknownTask, match=r"did you mean 'add'\? \(the workers are "):
        rt.submit("ad", a=1)
    with pytest.raises(UnserialisableError, match=r"params\.value"):
        rt.submit("echo", value=object())
    with pytest.raises(TooLarge, match=r"limits\.params"):
        rt.submit("echo", value="x" * (1 << 21))
    assert rt.ls() == []


def test_verbs_that_need_a_daemon_say_so(rt: Client) -> None:
    run = rt.submit("add", a=1).wait(timeout=20)
    for call in (run.kill, lambda: list(run.logs()), rt.info):
        with pytest.raises(BadRequest, match="needs a daemon, and this client has only Redis at"):
            call()


def test_an_ended_run_is_submitted_once_more(rt: Client, gate: Path) -> None:
    run = rt.task("add", labels=["x"], headers={"trace": "t-1"}, priority=3).submit(a=1, b=2)
    assert run.result(timeout=20) == 3
    again = run.retry()
    assert again.id != run.id
    assert again.result(timeout=20) == 3
    ours, theirs = rt.rpc.show(run=again.id), rt.rpc.show(run=run.id)
    for name in ("labels", "headers", "priority", "queue", "task"):
        assert {**ours, **ours["row"]}[name] == {**theirs, **theirs["row"]}[name]  # type: ignore[misc]
    held = rt.submit("hold", gate=str(gate))
    with pytest.raises(WrongState, match="has not ended; it is"):
        held.retry()
    gate.touch()
    outcomes = rt.rpc.retry(runs=[run.id, "NOSUCHRUN", held.wait(timeout=20).id])["runs"]
    assert [one["error"] and one["error"][0] for one in outcomes] == [None, "no_such_run", None]
    with pytest.raises(BadRequest, match="retry: 1 id for 2 runs"):
        rt.rpc.retry(runs=[run.id, held.id], ids=[new_id()])


def test_a_retry_of_what_the_workers_have_no_more_waits_for_a_worker_that_has_it(
    start_daemon: DaemonMaker, external: ExternalRedis, tmp_path: Path
) -> None:
    app = tmp_path / "app.py"
    text = "from rtd import Session\nsession = Session()\n@session.task()\ndef one(): return 1\n"
    app.write_text(text + "@session.task()\ndef only_here(): return 'there'\n")
    worker = start_daemon("app:session", cwd=tmp_path, flags=["--redis", external.url])
    with Client(external.url, session=declaring()) as rt, Client(external.url) as plain:
        run = rt.submit("only_here").wait(timeout=20)
        app.write_text(text)
        worker.ok("reload")

        for client in (plain, rt):
            until(partial(lacks, client, "only_here"), what="it knows that the task is gone")
        with pytest.raises(UnknownTask, match="only_here"):
            plain.retry(run)
        again = rt.retry(run)
        reason = "it waits for lane process of a node that has its task"
        until(lambda: rt.rpc.show(run=again.id)["waits"] == reason, what="it was declined")
        again.cancel()


def test_a_queue_is_purged(rt: Client) -> None:
    rt.pause_queue("default")
    rt.submit_many("add", [{"a": n} for n in range(300)])
    assert rt.rpc.queue_purge(queue="default", reason="no more")["cancelled"] == 300
    rows = [run.row for run in rt.ls(limit=None)]
    assert {(row["state"], row["queue"]) for row in rows} == {("cancelled", "default")}
    rt.resume_queue("default")
    assert rt.submit("add", a=1).result(timeout=20) == 1


def test_a_declared_task_is_queued_before_a_worker_has_ever_run(
    start_daemon: DaemonMaker, external: ExternalRedis
) -> None:
    with Client(external.url) as unknown, pytest.raises(UnknownTask, match="no worker has ever"):
        unknown.submit("add", a=1)
    with Client(external.url, session=declaring()) as rt:
        with pytest.raises(UnknownTask, match="this app does not declare the task either"):
            rt.submit("other")
        with pytest.raises(ParameterError, match="misses 'a'; it takes a, b="):
            rt.submit("add")
        run = rt.submit("add", a=4)
        assert (run.state, run.row["queue"]) == ("queued", "web")
        start_daemon("jobs:session", cwd=PROGRAMS, flags=["--redis", external.url])
        assert run.result(timeout=20) == 4


def test_a_worker_with_an_older_app_is_named(worker: Daemon, external: ExternalRedis) -> None:
    with Client(external.url, session=declaring()) as rt:
        with pytest.raises(ParameterError, match=r"this app declares a, b=..., c=...: the worker"):
            rt.submit("add", a=1, c=2)
        assert rt.submit("add", a=1).result(timeout=20) == 1


def test_a_run_of_a_newer_app_waits_for_its_worker_and_the_older_one_shows_a_fault(
    worker: Daemon, external: ExternalRedis, start_daemon: DaemonMaker, tmp_path: Path
) -> None:
    with Client(external.url, session=declaring()) as rt:
        runs = [rt.submit("only_here"), rt.task("only_here", expires=6.0).submit()]
        withdrawn = rt.submit("only_here")
        reason = "it waits for lane process of a node that has its task"
        until(lambda: rt.rpc.show(run=withdrawn.id)["waits"] == reason, what="it was declined")
        status = worker.rtctl("status")
        assert "only_here" in status.stdout
        assert "no worker has it: this app is older" in status.stdout
        assert runs[1].wait(timeout=20).row["by"] == "expired", "the older worker leaves it alone"
        withdrawn.cancel()
        assert runs[0].state == "queued"
        (tmp_path / "newer.py").write_text(
            "from rtd import Session\nsession = Session()\n@session.task()\n"
            "def only_here(): return 'newer'\n"
        )
        flags = ["--redis", external.url, "--set", "node=newer"]
        start_daemon("newer:session", cwd=tmp_path, flags=flags)
        assert runs[0].result(timeout=20) == "newer"
        assert rt.submit("only_here").result(timeout=20) == "newer"


def test_a_reload_of_the_worker_is_seen(
    start_daemon: DaemonMaker, external: ExternalRedis, tmp_path: Path
) -> None:
    app = tmp_path / "app.py"
    text = "from rtd import Session\nsession = Session()\n@session.task()\ndef one(): return 1\n"
    app.write_text(text)
    worker = start_daemon("app:session", cwd=tmp_path, flags=["--redis", external.url])
    with Client(external.url) as rt:
        assert rt.submit("one").result(timeout=20) == 1
        app.write_text(text + "@session.task()\ndef two(): return 2\n")
        worker.ok("reload")

        def submitted() -> bool:
            with contextlib.suppress(UnknownTask):
                return rt.submit("two").result(timeout=20) == 2
            return False

        until(submitted, what="the client knows the new task")


def test_names_of_workers_keep_apart(start_daemon: DaemonMaker, external: ExternalRedis) -> None:
    flags = ["--redis", external.url, "--set", "name=shop"]
    start_daemon("jobs:session", cwd=PROGRAMS, flags=flags)
    with Client(external.url) as other, pytest.raises(UnknownTask, match="name 'rtd'"):
        other.submit("add", a=1)
    for named in (Client(f"{external.url}?name=shop"), Client(external.url, name="shop")):
        with named as rt:
            assert rt.submit("add", a=1).result(timeout=20) == 1
    for wrong in ("a", "{"):
        with pytest.raises(RtdError, match="name"):
            Client(f"{external.url}?name=shop", name=wrong)


def test_a_worker_of_another_version_is_refused(worker: Daemon, external: ExternalRedis) -> None:
    calls = StoreCommands("rtd")
    with Client(external.url) as before:
        assert before.submit("add", a=1).result(timeout=20) == 1
    # A client that has just looked may miss a change for a second.
    with Client(external.url) as rt, RedisConnection.connect(external.url) as link:
        node = next(iter(link.execute(calls.get_manifests())))
        link.execute(calls.set_manifest(node, pack(["9.9", 2, 7, {}], "x")))
        with pytest.raises(
            RtdError, match=r"rtd 9\.9 \(format 2, records 7\), this is rtd .* \(format 1, rec"
        ):
            rt.submit("add", a=1)
        link.execute(RedisCommand(("DEL", f"{calls.prefix}manifests")))
        link.execute(RedisCommand(("INCR", f"{calls.prefix}manifests_count")))
        with pytest.raises(RtdError, match=r"keeps no format \(older\), this is rtd"):
            rt.submit("add", a=1)


def test_a_redis_that_is_away_is_named_without_the_password() -> None:
    for url, what in (
        ("redis://anna:s3cret@127.0.0.1:1/0", "no Redis at redis://127.0.0.1:1/0: .*; nothing was"),
        ("unix://:s3cret@/nonexistent.sock", "no Redis at unix:///nonexistent.sock"),
        ("redis://:s3cret@h:x/0", "not a Redis URL"),
        ("redi://:s3cret@h/0", "the URL redi://... is no path"),
    ):
        with pytest.raises(RtdError, match=what) as caught:
            Client(url).submit("add", a=1)
        assert "s3cret" not in f"{caught.value!r} {caught.value}"
    client = Client("redis://anna:s3cret@127.0.0.1:1/0")
    shown = f"{client!r} {client._pool!r} {client._pool.path} {client.task('x')!r}"
    assert "s3cret" not in shown


def test_arguments_for_redis_are_refused_without_a_url(worker: Daemon) -> None:
    with pytest.raises(BadRequest, match="session is for a client of a Redis"):
        Client(worker.socket, session=declaring())
    with pytest.raises(BadRequest, match="session must be a Session or None"):
        Client("redis://h", session=3)
    with pytest.raises(TypeError, match="unexpected keyword argument 'sesion'"):
        Client(worker.socket, sesion=1)  # type: ignore[call-arg]


def test_a_wait_outlasts_a_restart_of_redis(
    rt: Client, external: ExternalRedis, gate: Path
) -> None:
    run = rt.submit("hold", gate=str(gate))
    until(lambda: run.state == "running", what="it runs")
    found: list[object] = []
    waiter = threading.Thread(target=lambda: found.append(run.result(timeout=60)))
    waiter.start()
    external.kill()
    external.start()
    gate.touch()
    waiter.join(60)
    assert found == ["released"]
    assert rt.submit("add", a=1).result(timeout=20) == 1


def test_a_forked_child_has_connections_of_its_own(rt: Client) -> None:
    assert rt.submit("add", a=1).result(timeout=20) == 1
    child = os.fork()
    if child == 0:
        with contextlib.suppress(BaseException):
            os._exit(rt.submit("add", a=5).result(timeout=20))
        os._exit(99)
    assert rt.submit("add", a=2).result(timeout=20) == 2
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 5


@NEEDS_GEVENT
def test_in_a_program_that_gevent_has_patched_others_go_on_while_one_waits(
    worker: Daemon, external: ExternalRedis, gate: Path
) -> None:
    script = (
        "from gevent import monkey; monkey.patch_all()\n"
        "import gevent, pathlib\n"
        "from rtctl import Client\n"
        f"rt = Client({external.url!r})\n"
        f"run = rt.submit('hold', gate={str(gate)!r})\n"
        "waiter = gevent.spawn(run.result, 30)\n"
        "while rt.get(run.id).state != 'running': gevent.sleep(0.01)\n"
        f"pathlib.Path({str(gate)!r}).touch()\n"
        "print(waiter.get())\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.stdout, done.stderr) == ("released\n", "")


def test_threads_may_share_a_client(rt: Client) -> None:
    def work(number: int) -> list[int]:
        return [rt.submit("add", a=n, b=number).result(timeout=30) - n for n in range(20)]

    with ThreadPoolExecutor(8) as threads:
        assert list(threads.map(work, range(8))) == [[number] * 20 for number in range(8)]


def test_a_redis_that_hangs_holds_a_submit_up_for_seconds(
    rt: Client, external: ExternalRedis
) -> None:
    assert rt.submit("add", a=1).result(timeout=20) == 1
    assert external.process is not None
    external.process.send_signal(signal.SIGSTOP)
    try:
        with pytest.raises(StoreGone, match=r"has not answered for 4 s; run \w+ may be queued all"):
            rt.submit("add", a=1)
    finally:
        external.process.send_signal(signal.SIGCONT)
    assert rt.submit("add", a=2).result(timeout=20) == 2


def test_an_asyncio_client(worker: Daemon, external: ExternalRedis, gate: Path) -> None:
    async def check() -> None:
        async with AsyncClient(external.url) as rt:
            run = await rt.submit("add", a=1, b=2)
            assert await run.result(timeout=20) == 3
            many = await rt.submit_many("add", [{"a": n} for n in range(3)])
            assert [await one.result(timeout=20) for one in many] == [0, 1, 2]
            held = await rt.submit("hold", gate=str(gate))
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.3):
                    await held.wait()
            with pytest.raises(BadRequest, match="needs a daemon"):
                await held.kill()

    asyncio.run(check())  # it ends although a thread still waits
    gate.touch()
