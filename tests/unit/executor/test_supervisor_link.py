"""Messages of a zygote whose supervisor does not read."""

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from rtd.executor.zygote.supervisor_connection import SupervisorConnection
from rtd.protocol.zygote_messages import ErrorReport, HelloReport

MIB = 1 << 20


@pytest.fixture
def link(tmp_path: Path) -> Iterator[SupervisorConnection]:
    """Connected to a supervisor that accepts and never reads."""
    with socket.socket(socket.AF_UNIX) as supervisor:
        supervisor.bind(str(tmp_path / "zygote.sock"))
        supervisor.listen()
        link = SupervisorConnection(tmp_path / "zygote.sock")
        assert link.connect()
        yield link
        link.close()


def hello_of(size: int) -> HelloReport:
    return HelloReport(1, 2, 3, (0, 64), manifest={"data": bytes(size)})


def test_a_hello_of_any_size_waits_until_it_is_read(link: SupervisorConnection) -> None:
    link.send(hello_of(40 * MIB))
    link.flush()
    assert link.connected
    assert link.wants_write


def test_messages_after_the_hello_may_not_pile_up(link: SupervisorConnection) -> None:
    link.send(hello_of(20 * MIB))
    for _ in range(15):
        link.send(ErrorReport("x" * MIB))
    assert link.connected
    for _ in range(3):
        link.send(ErrorReport("x" * MIB))
    assert not link.connected
