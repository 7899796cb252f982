"""`rtd.testing.TWorker`: code that submits runs needs nothing running."""

import asyncio
import os
import threading
from typing import Any

import pytest

import rtd
from rtctl import AsyncClient, Client, RunFailed
from rtctl.client.connection_pool import ConnectionPool
from rtctl.client.errors import DaemonUnreachable
from rtd.arguments import Return
from rtd.common.errors import (
    BadRequest,
    Conflict,
    ParameterError,
    UnknownTask,
    UnserialisableError,
    WaitTimeout,
    WrongState,
)
from rtd.testing import TWorker, run_task


@pytest.fixture
def order() -> list[Any]:
    return []


@pytest.fixture
def session(order: list[Any]) -> rtd.Session:
    session = rtd.Session()

    @session.task()
    def note(n: int) -> int:
        order.append(n)
        return n

    @session.task(retries=1, backoff="1h")
    def fail(n: int) -> None:
        order.append(n)
        raise ValueError(f"no {n}")

    @session.task()
    def spread(n: int) -> None:
        for one in range(n):
            Client().submit("note", n=one)

    @session.task()
    def outer(n: int) -> int:
        return int(Client().submit("note", n=n).result(timeout=60)) + 1

    return session


def test_what_is_queued_is_carried_out_by_priority(session: rtd.Session, order: list[Any]) -> None:
    rt = Client()
    with TWorker(session) as worker:
        run = rt.submit("note", n=1)
        rt.submit_many("note", [{"n": 2}, {"n": 3}])
        rt.task("note", priority=5).submit(n=4)
        rt.submit("spread", n=2)
        assert run.state == "queued"
        assert worker.run() == 7
        assert order == [4, 1, 2, 3, 0, 1]
        assert run.result() == 1
        assert run.wait().row["attempt"] == 1
        assert [one.result for one in worker.succeeded] == [4, 1, 2, 3, None, 0, 1]
        assert worker.failed == []
        assert worker.run() == 0
        assert {row.state for row in rt.ls(limit=None)} == {"succeeded"}
        assert rt.get(run.id[-12:]).id == run.id
        assert rt.ping()["pid"]


def test_a_failure_raises_after_its_retries(session: rtd.Session, order: list[Any]) -> None:
    with TWorker(session) as worker:
        run = Client().submit("fail", n=7)
        Client().submit("note", n=8)
        with pytest.raises(
            RuntimeError, match=r"^task fail\(n=7\) failed: ValueError: no 7$"
        ) as info:
            worker.run()
        assert isinstance(info.value.__cause__, ValueError)
        assert order == [7, 8, 7]  # the retry comes behind what waits
        assert [one.task for one in worker.failed] == ["fail"]
        assert worker.failed[0].attempt == 2
        with pytest.raises(RunFailed, match="ValueError: no 7"):
            run.result()
        assert run.error == "ValueError: no 7"
        Client().submit("fail", n=9)
        assert worker.run(raise_on_failure=False) == 1
        assert [one.state for one in worker.runs] == ["succeeded", "exception", "exception"]


def test_a_wait_carries_out_what_it_needs(session: rtd.Session, order: list[Any]) -> None:
    with TWorker(session) as worker:
        run = Client().submit("outer", n=3)
        with pytest.raises(WaitTimeout):
            run.result(timeout=0)
        assert run.result() == 4
        assert order == [3]
        assert len(worker.runs) == 2


def test_a_run_that_waits_for_itself_is_an_error() -> None:
    session = rtd.Session()

    @session.task()
    def own() -> None:
        Client().get(rtd.current_run().id).wait()

    with TWorker(session):
        run = Client().submit("own")
        with pytest.raises(RunFailed, match="waits for itself"):
            run.result()


def test_only_the_given_queues(session: rtd.Session, order: list[Any]) -> None:
    with TWorker(session, queues=["slow"]) as worker:
        Client().task("note", queue="slow").submit(n=1)
        other = Client().submit("note", n=2)
        assert worker.run() == 1
        assert order == [1]
        with pytest.raises(WaitTimeout, match="queue 'default', which this TWorker does not"):
            other.wait()
    with pytest.raises(BadRequest, match="a list of names"):
        TWorker(session, queues="slow")


def test_delayed_runs_wait_until_they_are_meant(session: rtd.Session, order: list[Any]) -> None:
    with TWorker(session) as worker:
        late = Client().task("note", delay="2h").submit(n=2)
        Client().task("note", delay="1h").submit(n=1)
        assert worker.run() == 0
        assert late.row["due_at"] is not None
        assert worker.run(delayed=True) == 2
        assert order == [1, 2]
        assert Client().task("note", delay="2h").submit(n=3).result() == 3


def test_refusals_are_those_of_a_daemon(session: rtd.Session) -> None:
    rt = Client()
    with TWorker(session):
        with pytest.raises(UnknownTask):
            rt.submit("nothing")
        with pytest.raises(ParameterError, match="misses 'n'"):
            rt.submit("note")
        with pytest.raises(ParameterError, match=r"run 2: .*misses 'n'"):
            rt.submit_many("note", [{"n": 1}, {}])
        assert rt.ls() == []
        with pytest.raises(UnserialisableError, match=r"params\.n"):
            rt.submit("note", n=object())
        with pytest.raises(BadRequest, match="is a command"):
            rt.command("true")
        with pytest.raises(
            BadRequest, match=r"TWorker cannot answer 'info': it knows submit, wait"
        ):
            rt.info()
        with pytest.raises(BadRequest, match="cannot answer 'logs'"):
            list(rt.submit("note", n=1).logs())
        with pytest.raises(BadRequest, match="cannot answer 'kill'"):
            rt.submit("note", n=1).kill()


def test_cancel_retry_and_unique_ids(session: rtd.Session, order: list[Any]) -> None:
    rt = Client()
    with TWorker(session) as worker:
        run = rt.submit("note", n=1)
        run.cancel("no more")
        assert run.state == "cancelled"
        assert "no more" in str(run.error)
        assert worker.run() == 0
        first = rt.task("note", id="order-7").submit(n=2)
        again = rt.task("note", id="order-7").submit(n=2)
        assert (first.id, first.created, again.created) == (again.id, True, False)
        with pytest.raises(Conflict, match="order-7"):
            rt.task("note", id="order-7").submit(n=3)
        assert worker.run() == 1
        assert rt.get("order-7").result() == 2
        with pytest.raises(WrongState):
            first.cancel()
        assert first.retry().result() == 2
        assert order == [2, 2]
        headers = rt.task("note", headers={"trace": "t"}).submit(n=5)
        assert rt.rpc.show(run=headers.id)["headers"] == {"trace": "t"}


def test_results_of_other_tasks_are_parameters() -> None:
    session = rtd.Session()

    @session.task()
    def fetch() -> int:
        return 5

    @session.task()
    def use(x: int = Return("fetch")) -> int:  # type: ignore[assignment]
        return x + 1

    with TWorker(session):
        assert Client().submit("fetch").result() == 5
        assert Client().submit("use").result() == 6


def test_an_async_client_and_coroutines(session: rtd.Session, order: list[Any]) -> None:
    @session.task(lane="async")
    async def a_outer(n: int) -> int:
        async with AsyncClient() as rt:
            run = await rt.submit("note", n=n)
            return int(await run.result()) + 1

    async def code() -> Any:
        async with AsyncClient() as rt:
            runs = await rt.submit_many("note", [{"n": 1}, {"n": 2}])
            await rt.wait(runs)
            with pytest.raises(BadRequest, match="cannot answer 'info'"):
                await rt.info()
            return await (await rt.submit("a_outer", n=3)).result()

    with TWorker(session) as worker:
        assert asyncio.run(code()) == 4
        assert order == [1, 2, 3]
        assert worker.run() == 0


def test_nothing_is_left_after_the_block(
    session: rtd.Session, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    monkeypatch.setenv("RTD_SOCKET", str(tmp_path / "none.sock"))
    rt = Client()
    with TWorker(session) as worker:
        run = rt.submit("note", n=1)
    assert ConnectionPool.stand_in is None
    with pytest.raises(DaemonUnreachable):
        rt.submit("note", n=1)
    with pytest.raises(DaemonUnreachable):
        run.wait()
    with pytest.raises(BadRequest, match="inside its block"):
        worker.run()
    with TWorker(session) as outer, TWorker(session) as inner:
        rt.submit("note", n=1)
        assert (inner.run(), outer.run()) == (1, 0)


def test_a_thread_waits_for_what_another_carries_out() -> None:
    session = rtd.Session()
    entered, go_on = threading.Event(), threading.Event()

    @session.task()
    def slow() -> str:
        entered.set()
        go_on.wait(10)
        return "done"

    with TWorker(session) as worker:
        run = Client().submit("slow")
        thread = threading.Thread(target=worker.run)
        thread.start()
        assert entered.wait(10)
        assert run.state == "running"
        threading.Timer(0.05, go_on.set).start()
        assert run.result() == "done"
        thread.join()


def test_a_forked_process_gets_no_answer(session: rtd.Session) -> None:
    with TWorker(session):
        reader, writer = os.pipe()
        child = os.fork()
        if child == 0:
            try:
                Client().submit("note", n=1)
            except BaseException as error:
                os.write(writer, str(error).encode())
            os._exit(0)
        os.close(writer)
        with os.fdopen(reader) as pipe:
            assert "this one was forked" in pipe.read()
        os.waitpid(child, 0)
        assert Client().ls() == []


def test_a_session_that_is_none_is_refused() -> None:
    with pytest.raises(BadRequest, match="session must be a Session"), TWorker(5):  # type: ignore[arg-type]
        pass
    with pytest.raises(BadRequest, match="session must be a Session"):
        run_task("x", session=5)  # type: ignore[arg-type]
