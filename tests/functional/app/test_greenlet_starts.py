"""`rtd check` names class tasks whose `stop` fails since they start greenlets in other lanes."""

import subprocess
from pathlib import Path

import pytest

from tests.helpers.daemon import BIN

pytest.importorskip("gevent")

APP = """import gevent
import gevent.pool
from gevent import Greenlet, spawn, spawn_raw
from rtd import Session, Task

session = Session()
POOL = gevent.pool.Pool(2)


class Own(Greenlet):
    pass


class Base(Task):
    def stop(self):
        self.loop.kill()

    def work(self):
        gevent.sleep(60)

"""
STARTS = [
    "self.loop = gevent.spawn(self.work)",
    "self.loop = gevent.spawn_later(1, self.work)",
    "self.loop = gevent.greenlet.Greenlet.spawn(self.work)",
    "self.loop = spawn(self.work)",
    "self.loop = spawn_raw(self.work)",
    "self.loop = Own.spawn(self.work)",
    "self.loop = [gevent.spawn(self.work) for _ in range(2)]",
    "self.loop = (lambda: spawn(self.work))()",
]
#: Starts no greenlet, as far as anybody can say without a call.
OTHERS = [
    "gevent.sleep(1)",
    "self.loop = gevent.getcurrent()",
    "self.gevent.spawn(self.work)",
    "isinstance(self, gevent.Greenlet) or Greenlet",
    "POOL.join()",
    "session.spawn",
    "spawner = 'gevent.spawn'",
]


def checked(home: Path, text: str) -> subprocess.CompletedProcess[str]:
    (home / "app.py").write_text(text)
    return subprocess.run(
        [BIN / "rtd", "check", "app.py"], cwd=home, capture_output=True, text=True, timeout=60,
        check=False,
    )  # fmt: skip


def declare(name: str, line: str, lane: str, bases: str = "Base") -> str:
    return (
        f"class {name}({bases}):\n    LANE = {lane!r}\n\n    def start(self):\n        {line}\n\n"
        f"session.add_task({name})\n\n"
    )


def test_each_way_to_start_one_is_told_with_its_place(tmp_path: Path) -> None:
    lanes = ["process", "thread", "main"]
    text = APP
    places = []
    for number, line in enumerate(STARTS):
        text += declare(f"T{number}", line, lanes[number % 3])
        places.append(
            (lanes[number % 3], text[: text.index(line, len(text) - 200)].count("\n") + 1)
        )
    done = checked(tmp_path, text)
    assert done.returncode == 3
    found = done.stderr.splitlines()
    assert len(found) == len(STARTS)
    for number, (lane, line) in enumerate(places):
        (one,) = (said for said in found if f"task 'T{number}'" in said)
        assert f"it starts greenlets in lane {lane} ({tmp_path}/app.py:{line})" in one
        assert one.endswith("its stop works in lane greenlet only; give it lane='greenlet'")


def test_what_is_right_or_cannot_be_known_is_not_told(tmp_path: Path) -> None:
    text = APP
    for number, line in enumerate(OTHERS):
        text += declare(f"T{number}", line, "process")
    text += declare("InItsLane", STARTS[0], "greenlet")
    text += declare("WithoutStop", STARTS[0], "process", "Task")  # a stop is raised in it
    text += f"@session.task()\ndef function(self):\n    {STARTS[0]}\n"
    done = checked(tmp_path, text)
    assert (done.returncode, done.stderr) == (0, "")
