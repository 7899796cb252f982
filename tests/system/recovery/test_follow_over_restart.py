"""What follows a run or the events goes on over a restart of the daemon, and repeats nothing."""

import asyncio
import json
import os
import signal
import subprocess
from pathlib import Path

from rtctl import AsyncClient, Client
from rtd.common.errors import RtdError
from tests.helpers.daemon import BIN, Daemon, DaemonMaker
from tests.helpers.deadline import until
from tests.helpers.running import client, restart_supervisor

APP = """
import time
from pathlib import Path
from rtd import Session

session = Session()


@session.task()
def talk(gate: str):
    for number in range(200):
        print("line", number, flush=True)
        time.sleep(0.01)
    while not Path(gate).exists():
        time.sleep(0.01)
    print("last", flush=True)


@session.task()
def quick():
    pass
"""
EMITS = """
import rtd
from rtd import Session

session = Session()


@session.task()
def tell(number: int):
    rtd.emit("told", number)
"""
EXPECTED = "".join(f"line {number}\n" for number in range(200)) + "last\n"


def answers(rt: Client) -> bool:
    """Whether Redis answers."""
    try:
        rt.queues()
    except RtdError:
        return False
    return True


def start(start_daemon: DaemonMaker, folder: Path) -> Daemon:
    (folder / "app.py").write_text(APP)
    return start_daemon("app.py", cwd=folder)


def test_the_output_goes_on_byte_for_byte(start_daemon: DaemonMaker, tmp_path: Path) -> None:
    daemon, gate = start(start_daemon, tmp_path), tmp_path / "gate"
    with client(daemon) as rt, (tmp_path / "out").open("wb") as out:
        run = rt.submit("talk", gate=str(gate))
        words = [BIN / "rtctl", "logs", "-f", run.id]
        follower = subprocess.Popen(words, env=daemon.env, stdout=out)
        until(lambda: b"line 50" in (tmp_path / "out").read_bytes(), what="some output")
        restart_supervisor(daemon)
        until(lambda: b"line 199" in (tmp_path / "out").read_bytes(), what="it continues")
        gate.touch()
        assert follower.wait(20) == 0
    assert (tmp_path / "out").read_text() == EXPECTED


def test_a_python_client_goes_on_too(start_daemon: DaemonMaker, tmp_path: Path) -> None:
    daemon, gate = start(start_daemon, tmp_path), tmp_path / "gate"

    async def follow() -> list[str]:
        lines = []
        async with AsyncClient(daemon.socket) as rt:
            run = await rt.submit("talk", gate=str(gate))
            async for line in run.logs(follow=True):
                lines.append(str(line))
                if len(lines) == 50:
                    await asyncio.to_thread(restart_supervisor, daemon)
                if len(lines) == 200:
                    gate.touch()
        return lines

    assert asyncio.run(follow()) == EXPECTED.splitlines()


def test_the_events_go_on_each_once(start_daemon: DaemonMaker, tmp_path: Path) -> None:
    daemon, seen = start(start_daemon, tmp_path), tmp_path / "seen"
    with client(daemon) as rt, seen.open("wb") as out:
        words = [BIN / "rtctl", "events", "-f", "-o", "jsonl", "--task", "quick"]
        follower = subprocess.Popen(words, env=daemon.env, stdout=out)
        until(lambda: rt.submit("quick") and seen.stat().st_size, what="it follows")
        restart_supervisor(daemon)
        runs = [rt.submit("quick").wait(timeout=20) for _ in range(5)]
        until(lambda: runs[-1].id.encode() in seen.read_bytes(), what="it continues")
        assert follower.poll() is None
        follower.kill()
        follower.wait()
    lines = seen.read_text().splitlines()
    assert len(lines) == len(set(lines))
    assert all(run.id in seen.read_text() for run in runs)


def test_events_of_tasks_go_on_over_restarts_of_both(
    start_daemon: DaemonMaker, tmp_path: Path
) -> None:
    (tmp_path / "app.py").write_text(EMITS)
    daemon, seen = start_daemon("app.py", cwd=tmp_path), tmp_path / "seen"
    with client(daemon) as rt, seen.open("wb") as out:
        words = [BIN / "rtctl", "events", "-f", "-o", "jsonl", "--type", "told"]
        follower = subprocess.Popen(words, env=daemon.env, stdout=out)
        until(lambda: rt.submit("tell", number=0) and seen.stat().st_size, what="it follows")
        rt.submit("tell", number=1).wait(20)
        os.kill(rt.info()["redis"]["pid"], signal.SIGKILL)
        until(lambda: answers(rt), within_s=20, what="Redis is back")
        rt.submit("tell", number=2).wait(20)
        restart_supervisor(daemon)
        rt.submit("tell", number=3).wait(20)
        until(lambda: '"data": 3' in seen.read_text(), what="it continues")
        assert follower.poll() is None
        follower.kill()
        follower.wait()
        lines = [json.loads(line) for line in seen.read_text().splitlines()]
        numbers = [event["data"] for event in lines if event["data"]]
        assert numbers == [1, 2, 3]
        assert [event["data"] for event in rt.events(since=lines[-2]["id"], type="told")] == [3]


def test_a_follower_hears_of_starts_after_a_restart_too(
    start_daemon: DaemonMaker, tmp_path: Path
) -> None:
    daemon, seen = start(start_daemon, tmp_path), tmp_path / "seen"
    with client(daemon) as rt, seen.open("wb") as out:
        words = [BIN / "rtctl", "events", "-f", "-o", "jsonl", "--type", "started"]
        follower = subprocess.Popen(words, env=daemon.env, stdout=out)
        until(lambda: rt.submit("quick").wait(20) and seen.stat().st_size, what="it follows")
        restart_supervisor(daemon)
        run = rt.submit("talk", gate=str(tmp_path / "gate"))
        until(lambda: run.id.encode() in seen.read_bytes(), what="its start is heard")
        assert run.refresh().state == "running"
        (tmp_path / "gate").touch()
        run.wait(20)
        follower.kill()
        follower.wait()
    assert seen.read_text().count(run.id) == 1
