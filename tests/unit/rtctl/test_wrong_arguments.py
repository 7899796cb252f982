"""Arguments of the client that are of a wrong kind: one sentence, before the daemon is called."""

import asyncio
import re
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from rtctl import AsyncClient, Client
from rtctl.client.connection import answer_limit_s
from rtctl.client.errors import DaemonUnreachable
from rtctl.client.submit_options import to_wire
from rtctl.main import main
from rtd.common.errors import BadRequest, ConfigError, PolicyError, RtdError

CALLS: list[tuple[str, list[Any], dict[str, Any], str]] = [
    ("wait", [["X"]], {"timeout": "abc"}, "timeout must be a number or None, not 'abc'"),
    ("wait", [None], {}, "None is no run"),
    ("wait", [["X", 5]], {}, "5 is no run"),
    ("results", [{"a": 1}, "x"], {}, "timeout must be a number or None, not 'x'"),
    ("kill", [None], {}, "None is no run"),
    ("ls", [], {"limit": "x"}, "limit must be a number or None, not 'x'"),
    ("ls", [], {"state": 5}, "state must be a state or a list of states, not 5"),
    ("submit", ["count", 7], {}, r"7 has no name: .* passed by name, as in submit\(..., shop=7\)"),
    ("submit", [5], {}, "task must be the name of a task, not 5"),
    ("submit_with", ["m", 5, {}], {}, "params must be a dict, not 5"),
    ("submit_with", ["m", {}, 5], {}, "options must be a dict, not 5"),
    ("command", ["true"], {"options": 5}, "options must be a dict, not 5"),
    ("submit_many", [5, [{}]], {}, "task must be the name of a task, not 5"),
    ("submit_many", ["m", 5], {}, "params must be a list of dicts, not 5"),
    ("submit_many", ["m", {"n": 1}], {}, "params must be a list of dicts, not {'n': 1}"),
    ("submit_many", ["m", "ab"], {}, "params must be a list of dicts, not 'ab'"),
    ("submit_many", ["m", [{"n": 1}]], {"options": 5}, "options must be a dict, not 5"),
]


@pytest.mark.parametrize(("method", "words", "named", "told"), CALLS)
def test_a_wrong_argument_is_one_sentence(
    method: str, words: list[Any], named: dict[str, Any], told: str
) -> None:
    with pytest.raises(BadRequest, match=told):
        getattr(Client("/nowhere"), method)(*words, **named)

    async def call() -> None:
        await getattr(AsyncClient("/nowhere"), method)(*words, **named)

    with pytest.raises(BadRequest, match=told):
        asyncio.run(call())


def test_parameters_of_a_bound_task_have_names() -> None:
    bound: Any = Client("/nowhere").task("count", timeout="1m")
    with pytest.raises(BadRequest, match="submit: 7 has no name"):
        bound.submit(7)


def test_an_address_of_a_wrong_kind_is_one_sentence() -> None:
    wrong: Any = 5
    for make in (Client, AsyncClient):
        with pytest.raises(BadRequest, match="address must be the path of a socket or None, not 5"):
            make(wrong)
        with pytest.raises(BadRequest, match="reconnect_s must be a number or None, not '5'"):
            make(reconnect_s=str(wrong))  # type: ignore[arg-type]


@pytest.mark.parametrize("at", [datetime(1, 1, 1), datetime])
def test_a_time_that_no_clock_has_is_one_sentence(at: Any) -> None:
    with pytest.raises(PolicyError, match=r"^at: .* is of no use: "):
        to_wire({"at": at})


def test_an_empty_socket_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["-s", "", "ls"]) == 2
    assert capsys.readouterr().err == "rtctl: ls: --socket is empty: name the daemon's socket\n"


#: Paths that are no sockets: the exit code of rtctl, the class of the error, and the sentence.
SOCKETS: list[tuple[str, int, type[RtdError], str]] = [
    ("http://x", 2, ConfigError, "the URL http://... is no path of a socket; name that of"),
    ("/tmp", 7, DaemonUnreachable, "rtd cannot be reached: /tmp is a directory, no socket"),
    ("/dev/null", 7, DaemonUnreachable, "/dev/null is another kind of file, no socket"),
    ("/tmp/" + "x" * 195, 2, ConfigError, "the path of the socket has 200 bytes, the kernel"),
    ("/nowhere/rtd.sock", 7, DaemonUnreachable, "there is no socket /nowhere/rtd.sock"),
    ("/dev/null/rtd.sock", 7, DaemonUnreachable, "rtd cannot be reached at /dev/null/rtd.sock"),
]


@pytest.mark.parametrize(("path", "code", "kind", "told"), SOCKETS)
def test_what_is_no_socket_is_one_line(
    path: str, code: int, kind: type[RtdError], told: str,
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    assert main(["-s", path, "ls"]) == code
    out, line = capsys.readouterr()
    assert (out, line.count("\n")) == ("", 1)
    assert told in line
    monkeypatch.setenv("RTD_SOCKET", path)
    assert main(["ls"]) == code
    line = capsys.readouterr().err
    assert told in line
    assert ("RTD_SOCKET" in line) == (path != "/dev/null/rtd.sock"), line
    for address in (path, Path(path), None):
        if "://" not in path or address != Path(path):  # a path has no double slash
            check_clients(address, kind, told)


def test_an_address_of_no_characters_or_with_a_null_byte_is_one_sentence() -> None:
    for address in ("", "/tmp/a\0b"):
        check_clients(address, ConfigError, "is no path of a socket")


def check_clients(address: str | Path | None, kind: type[RtdError], told: str) -> None:
    """Check the error of both clients."""
    with pytest.raises(kind, match=re.escape(told)):
        Client(address).ls()

    async def call() -> None:
        await AsyncClient(address).ls()

    with pytest.raises(kind, match=re.escape(told)):
        asyncio.run(call())


def test_a_wait_of_centuries_is_as_good_as_one_without_an_end() -> None:
    assert answer_limit_s("wait", {"timeout_s": 9.9e9}) is None
    assert answer_limit_s("wait", {"timeout_s": 5.0}) == 6.0
