"""Apps in a zygote: what it says of them before the first fork."""

import os
import signal
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from rtd.model.manifest import Manifest
from tests.helpers.deadline import until
from tests.helpers.zygote import ZygoteUnderTest

Hello = Callable[..., dict[str, Any]]
GOOD = "from rtd.session.session import Session\nsession = Session()\n"


@pytest.fixture
def zygotes() -> Iterator[list[ZygoteUnderTest]]:
    started: list[ZygoteUnderTest] = []
    yield started
    left = [found for zygote in started for found in zygote.close()]
    assert not left, f"left behind: {left}"


@pytest.fixture
def hello_of(zygotes: list[ZygoteUnderTest]) -> Hello:
    """The hello of a zygote whose app is this source."""

    def start(source: str) -> dict[str, Any]:
        zygotes.append(ZygoteUnderTest("the_app", files={"the_app.py": source}))
        return zygotes[-1].accept_hello()

    return start


def test_the_tasks_come_as_plain_data(hello_of: Hello) -> None:
    hello = hello_of(GOOD + "@session.task\ndef add(a, b=2):\n    'Adds.'\n")
    assert (hello["app"], hello["error"], hello["warnings"]) == ("the_app", None, [])
    info = Manifest.from_dict(hello["manifest"]).find("add")
    assert (info.doc, info.signature()) == ("Adds.", "a, b=...")


@pytest.mark.parametrize(
    ("source", "words", "line"),
    [
        ("import os\n\nnonsense\n", "NameError: name 'nonsense' is not defined", 3),
        ("def f(:\n", "SyntaxError", 1),
        ("import json\n\n\ndef f():\n    json.loads('{')\nf()\n", "JSONDecodeError", None),
        ("import no_such_module_at_all\n", "No module named 'no_such_module_at_all'", 1),
        ("import sys\nsys.exit('gave up')\n", "SystemExit: gave up", 2),
        ("raise KeyboardInterrupt\n", "KeyboardInterrupt", 1),
        ("x = 1\n", "has no App", None),
    ],
)
def test_an_app_that_does_not_import_is_told_in_one_line(
    hello_of: Hello, zygotes: list[ZygoteUnderTest], source: str, words: str, line: int | None
) -> None:
    hello = hello_of(source)
    assert words in hello["error"]
    assert "\n" not in hello["error"]
    assert hello["manifest"] is None
    if line is not None:
        assert hello["error_at"] == {"file": str(zygotes[0].home / "the_app.py"), "line": line}
        assert f"line {line}" in hello["error"] or "Interrupt" in words
    zygotes[0].send("spawn", lane="process", count=1, options={"habit": "idle"})
    assert words in zygotes[0].expect("error")["message"]
    assert zygotes[0].spawn("idle", lane="command")["lane"] == "command"


def test_threads_and_sockets_of_the_import_are_warned_of(hello_of: Hello) -> None:
    hello = hello_of(
        "import socket, threading\n"
        "pair = socket.socketpair()\n"
        "threading.Thread(target=threading.Event().wait, daemon=True, name='poller').start()\n"
        + GOOD
    )
    threads, sockets = hello["warnings"]
    assert "1 thread " in threads
    assert "(poller)" in threads
    assert "2 connections while it was imported (unix (no name); unix (no name))" in sockets


def test_a_helper_that_the_app_has_started_is_its_own_and_lives_on(
    hello_of: Hello, zygotes: list[ZygoteUnderTest]
) -> None:
    hello_of(
        "import subprocess\nhelper = subprocess.Popen(['sleep', '1000'])\n"
        "open('helper', 'w').write(str(helper.pid))\n" + GOOD
    )
    zygote = zygotes[0]
    (helper,) = map(int, zygote.lines_of("helper"))
    born = zygote.spawn("daemon")
    until(lambda: zygote.lines_of("ready"))
    zygote.send("kill", exec=born["exec"])
    assert len(zygote.expect_exit(born)["killed"]) == 2
    born = zygote.spawn("die in a run")
    assert len(zygote.expect_exit(born)["strays"]) == 1
    assert {found.pid for found in zygote.processes()} == {zygote.process.pid, helper}
    zygote.send("quit")
    assert zygote.process.wait(20) == 0
    assert zygote.processes() == []


def test_signal_handlers_of_the_app_do_not_deafen_the_zygote(
    hello_of: Hello, zygotes: list[ZygoteUnderTest]
) -> None:
    hello_of(
        "import signal\nsignal.signal(signal.SIGCHLD, signal.SIG_IGN)\n"
        "signal.signal(signal.SIGTERM, lambda *_: 1 / 0)\n" + GOOD
    )
    os.kill(zygotes[0].process.pid, signal.SIGTERM)
    assert zygotes[0].expect_exit(zygotes[0].spawn("exit", code=3))["code"] == 3
