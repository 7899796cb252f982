"""The messages between the supervisor and its zygotes: declared, handled, and readable for ever."""

from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest

from rtd.executor.zygote.command_handler import CommandHandler
from rtd.executor.zygote.import_app import ImportedApp
from rtd.executor.zygote.supervisor_connection import SupervisorConnection
from rtd.protocol import frames
from rtd.protocol import zygote_messages as messages
from rtd.protocol.decoder import Decoder
from rtd.supervisor.pools.zygote_messages import ZygoteHandler
from tests.golden import write_zygote
from tests.golden.read import RELEASES, golden_blobs

CASES = {**write_zygote.COMMANDS, **write_zygote.REPORTS}
KINDS = (*messages.COMMANDS.values(), *messages.REPORTS.values())


def notification(frame: bytes) -> frames.Notification:
    (message,) = Decoder().feed(frame)
    assert isinstance(message, frames.Notification)
    return message


def decoded(frame: bytes, case: str) -> Any:
    message = notification(frame)
    table = messages.COMMANDS if case in write_zygote.COMMANDS else messages.REPORTS
    return messages.decode(table, message.method, message.params)


@pytest.mark.parametrize("release", RELEASES)
@pytest.mark.parametrize("case", CASES)
def test_a_frame_of_an_earlier_release_is_read(release: str, case: str) -> None:
    assert decoded(golden_blobs(release, "zygote_frames")[case], case) == CASES[case]


@pytest.mark.parametrize("release", RELEASES)
@pytest.mark.parametrize("case", CASES)
def test_a_process_of_an_earlier_release_finds_all_that_it_reads(release: str, case: str) -> None:
    """A supervisor after an upgrade adopts the zygotes from before it."""
    old = notification(golden_blobs(release, "zygote_frames")[case])
    new = notification(messages.encode(CASES[case]))
    assert new.method == old.method
    assert old.params.items() <= new.params.items() or new.params == old.params


def test_every_message_has_a_golden_frame() -> None:
    assert {type(message) for message in CASES.values()} == set(KINDS)


def test_a_zygote_handles_every_command() -> None:
    connection = SupervisorConnection(Path("/nowhere"))
    handler = CommandHandler(ImportedApp(None), Mock(), connection)
    assert set(handler._handlers) == set(messages.COMMANDS.values())


def test_the_supervisor_handles_every_report() -> None:
    handler = ZygoteHandler(Mock(), Mock(), Mock(), Mock())
    assert {messages.HelloReport, *handler._handlers} == set(messages.REPORTS.values())


def test_a_field_that_is_not_known_is_left_out() -> None:
    found = messages.decode(messages.COMMANDS, "kill", {"exec": "x", "gently": True})
    assert found == messages.KillCommand("x")


def test_a_message_that_is_not_known_or_lacks_a_field_is_refused() -> None:
    with pytest.raises(messages.BadZygoteMessage, match="there is no message 'dance'"):
        messages.decode(messages.COMMANDS, "dance", {})
    with pytest.raises(messages.BadZygoteMessage, match="spawn: lane is missing"):
        messages.decode(messages.COMMANDS, "spawn", {"count": 1})
