"""A client sends nothing to a socket that another user listens on, unless its caller names it."""

import asyncio
import contextlib
import os
import socket
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from rtctl import AsyncClient, Client
from rtctl.client.direct_submit import DirectSubmitter
from rtd.common.errors import NotPermitted
from rtd.common.ids import new_id
from rtd.protocol import frames
from tests.helpers.daemon import BIN
from tests.helpers.deadline import until
from tests.helpers.other_user import (
    NOBODY,
    STRANGER,
    as_user,
    give,
    listening,
    needs_root,
    process_of,
)

SECRET = "my-secret-word"
ANSWERS = frames.encode_response(1, {"version": frames.VERSION}) + frames.encode_response(
    2, {"pid": 1, "uptime_s": 1.0}
)

pytestmark = needs_root


@pytest.fixture
def squatted(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The directory in which a client looks; another user listens in it."""
    monkeypatch.setenv("RTD_RUNTIME_DIR", str(folder))
    monkeypatch.delenv("RTD_SOCKET", raising=False)
    return folder


def command(socket: Path) -> None:
    with Client(reconnect_s=0) as rt:
        rt.command("echo", SECRET, env={"TOKEN": SECRET})


def command_of_asyncio(socket: Path) -> None:
    async def run() -> None:
        async with AsyncClient(reconnect_s=0) as rt:
            await rt.command("echo", SECRET)

    asyncio.run(run())


def follow(socket: Path) -> None:
    with Client() as rt:
        list(rt.rpc.events(follow=True))


def follow_with_asyncio(socket: Path) -> None:
    async def run() -> None:
        async with AsyncClient() as rt:
            async for _ in rt.rpc.events(follow=True):
                pass

    asyncio.run(run())


@pytest.mark.parametrize("call", [command, command_of_asyncio, follow, follow_with_asyncio])
@pytest.mark.parametrize("folder_of", [0, NOBODY])
def test_a_client_sends_nothing_to_another_user(
    squatted: Path, call: Callable[[Path], None], folder_of: int
) -> None:
    """Neither in a directory of that user, nor in one of its own."""
    with listening(NOBODY, squatted / "rtd.sock", ANSWERS) as got:
        give(squatted, folder_of)
        with pytest.raises(NotPermitted, match=r"uid 65534 \(nobody\).*name it: .*rtd.sock"):
            call(squatted)
        assert got.read_bytes() == b""


@pytest.mark.parametrize("mode", [0o777, 0o1777, 0o775])
def test_a_client_uses_no_directory_that_others_may_write(squatted: Path, mode: int) -> None:
    squatted.chmod(mode)
    with socket.socket(socket.AF_UNIX) as own:
        own.bind(str(squatted / "rtd.sock"))
        own.listen()
        with pytest.raises(NotPermitted, match="others may write there"), Client() as rt:
            rt.ping()


def test_a_client_uses_no_directory_below_one_of_another_user(
    squatted: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inner = squatted / "inner"
    inner.mkdir()
    monkeypatch.setenv("RTD_RUNTIME_DIR", str(inner))
    with socket.socket(socket.AF_UNIX) as own:
        own.bind(str(inner / "rtd.sock"))
        own.listen()
        give(squatted, NOBODY)
        with pytest.raises(NotPermitted, match="belongs to uid 65534"), Client() as rt:
            rt.ping()


@pytest.mark.parametrize(
    "words", [["run", "--", "echo", SECRET], ["complete", "--", "run", ""], ["ls"]]
)
def test_rtctl_sends_nothing_to_another_user(squatted: Path, words: list[str]) -> None:
    with listening(NOBODY, squatted / "rtd.sock", ANSWERS) as got:
        done = subprocess.run(
            ["rtctl", *words], executable=BIN / "rtctl", capture_output=True, text=True,
            timeout=20, check=False,
        )  # fmt: skip
        assert got.read_bytes() == b""
    if words[0] != "complete":
        assert (done.returncode, done.stderr.count("\n")) == (4, 1)
        assert "belongs to uid 65534 (nobody)" in done.stderr


def test_a_named_socket_may_be_another_users_and_ping_says_whose(
    squatted: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = squatted / "rtd.sock"
    with listening(NOBODY, path, ANSWERS):
        for words, env in (["-s", str(path)], {}), ([], {"RTD_SOCKET": str(path)}):
            done = subprocess.run(
                ["rtctl", "ping", *words], executable=BIN / "rtctl", capture_output=True,
                text=True, timeout=20, check=False, env={**os.environ, **env},
            )  # fmt: skip
            assert done.stdout.startswith("rtd (pid 1 of uid 65534 (nobody)) answers"), done


def test_root_and_oneself_are_trusted(squatted: Path) -> None:
    """A user's client takes a daemon of root's, in a directory of root's."""

    def ping() -> object:
        with Client() as rt:
            return rt.ping()["pid"]

    with listening(0, squatted / "rtd.sock", ANSWERS):
        assert as_user(STRANGER, ping) == "1"
    with listening(STRANGER, squatted / "rtd.sock", ANSWERS):
        assert as_user(STRANGER, ping) == "1"
        assert "nothing was sent" in as_user(NOBODY, ping) or "belongs to" in as_user(NOBODY, ping)


def offer(path: Path, **more: Any) -> dict[str, Any]:
    """A shortcut that makes a client send chosen words to a chosen socket."""
    spec = ["", "add", b"", "process", "default", 0, 0.0, {}, "", None]
    return {
        "socket": str(path), "digest": SECRET, "prefix": "x", "node": "n", "place": "p",
        "spec": spec, "required": [], "optional": None, "params_limit": 1000, "valid_s": 1e9,
        **more,
    }  # fmt: skip


@pytest.mark.parametrize("hands_over", [False, True])
def test_a_shortcut_of_another_user_leads_to_no_third(squatted: Path, hands_over: bool) -> None:
    """The caller has named the daemon, so it gets the request; but it steers no client."""
    forged = frames.encode_response(1, {"version": frames.VERSION}) + frames.encode_response(
        2,
        {
            "ids": ["x"],
            "created": [True],
            "shortcut": offer(squatted / "victim" / "victim.sock", hands_over=hands_over),
        },
    )
    (squatted / "victim").mkdir()
    with (
        listening(0, squatted / "victim" / "victim.sock") as victim,
        listening(NOBODY, squatted / "rtd.sock", forged) as got,
        Client(squatted / "rtd.sock", reconnect_s=0) as rt,
    ):
        rt.submit("add")
        until(lambda: b"submit" in got.read_bytes(), what="the request")
        direct = rt._submitter._direct_submitter
        assert "add" in direct._known
        assert direct.submit("add", new_id(), {}, {}) is None
        assert victim.read_bytes() == b""


@pytest.mark.parametrize("kind", ["of a third", "netlink", "no socket", "nothing"])
def test_a_connection_of_another_user_leads_to_no_third(squatted: Path, kind: str) -> None:
    """A daemon of another user hands over what it likes; nothing is written to it."""
    with listening(0, squatted / "victim.sock") as victim, contextlib.ExitStack() as stack:
        listener = stack.enter_context(socket.socket(socket.AF_UNIX))
        submitter = DirectSubmitter()
        stack.callback(submitter.close)
        path = squatted / "store.sock"

        def hand_over(ready: Callable[[], object]) -> None:
            listener.bind(str(path))
            path.chmod(0o666)
            listener.listen()
            ready()
            link, _ = listener.accept()
            socket.send_fds(link, [b"r"], [one] if (one := chosen.fileno()) >= 0 else [])
            link.recv(1)

        chosen: Any = stack.enter_context(_chosen(kind, squatted))
        os.chown(squatted, NOBODY, NOBODY)
        with process_of(NOBODY, hand_over):
            submitter.store_offer("add", offer(path, hands_over=True), NOBODY)
            before = os.listdir("/proc/self/fd")
            assert submitter.submit("add", new_id(), {}, {}) is None
            assert os.listdir("/proc/self/fd") == before
        assert victim.read_bytes() == b""
        assert not submitter._idle


def _chosen(kind: str, folder: Path) -> Any:
    if kind == "netlink":
        return socket.socket(socket.AF_NETLINK, socket.SOCK_RAW)
    if kind == "no socket":
        return (folder / "file").open("wb")
    link = socket.socket(socket.AF_UNIX)
    if kind == "of a third":
        link.connect(str(folder / "victim.sock"))
    else:
        link.close()
    return link


def test_a_shortcut_is_bounded_and_leads_to_root_or_oneself_only(squatted: Path) -> None:
    (squatted / "r").mkdir()
    with listening(NOBODY, squatted / "r" / "redis.sock", b":1\r\n") as got:
        submitter = DirectSubmitter()
        submitter.store_offer("add", offer(squatted / "r" / "redis.sock"))
        assert submitter._known["add"][0] < 1e8
        assert submitter.submit("add", new_id(), {}, {}) is None
        assert got.read_bytes() == b""
        submitter.close()
    with listening(0, squatted / "r" / "redis.sock", b"*1\r\n" + b"x" * 100_000):
        submitter = DirectSubmitter()
        submitter.store_offer("add", offer(squatted / "r" / "redis.sock"))
        assert submitter.submit("add", new_id(), {}, {}) is None
        submitter.close()


def test_rtd_stop_sends_nothing_to_another_user(squatted: Path) -> None:
    """It believes the lock of the daemon, and not the process on the socket."""
    with listening(NOBODY, squatted / "rtd.sock", ANSWERS) as got:
        done = subprocess.run(
            ["rtd", "stop"], executable=BIN / "rtd", capture_output=True, text=True, timeout=20,
            check=False,
        )  # fmt: skip
        assert done.returncode != 0
        assert got.read_bytes() == b""
