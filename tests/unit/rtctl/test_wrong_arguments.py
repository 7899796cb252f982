"""Arguments of the client that are of a wrong kind: one sentence, before the daemon is called."""

import asyncio
from typing import Any

import pytest

from rtctl import AsyncClient, Client
from rtctl.main import main
from rtd.common.errors import BadRequest

CALLS: list[tuple[str, list[Any], dict[str, Any], str]] = [
    ("wait", [["X"]], {"timeout": "abc"}, "timeout must be a number or None, not 'abc'"),
    ("wait", [None], {}, "wait takes a list of runs"),
    ("wait", ["X"], {}, "wait takes a list of runs"),
    ("kill", [None], {}, "None is no run"),
    ("ls", [], {"limit": "x"}, "limit must be a number or None, not 'x'"),
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


def test_an_empty_socket_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["-s", "", "ls"]) == 2
    assert capsys.readouterr().err == "rtctl: ls: --socket is empty: name the daemon's socket\n"
