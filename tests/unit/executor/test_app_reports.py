"""Reports of an app's code that Redis does not take."""

from typing import Any

import pytest

from rtd.common.errors import StoreError, StoreGone
from rtd.executor.core.app_reports import AppReports
from rtd.store.commands.commands import StoreCommands


class Link:
    """A connection and the connections of an executor in one: it fails as it is given."""

    def __init__(self, *failures: Exception | None) -> None:
        self.failures = list(failures)
        self.sent: list[Any] = []

    def for_commands(self) -> "Link":
        return self

    def drop(self) -> None: ...

    def execute_all(self, command: Any) -> None:
        failure = self.failures.pop(0)
        if failure is not None:
            raise failure
        self.sent.append(command)


def reports(link: Link) -> AppReports:
    return AppReports(link, StoreCommands("rtd"), "node", "exec")  # type: ignore[arg-type]


def test_what_waits_for_redis_is_sent_in_order_when_it_is_back() -> None:
    link = Link(StoreGone("away"), None, None)
    mine = reports(link)
    mine.publish_event("run", "task", b"first")
    mine.publish_event("run", "task", b"second")
    assert [command.args[-1] for command in link.sent] == [b"first", b"second"]


def test_one_that_redis_refuses_is_an_error_and_holds_up_no_other() -> None:
    link = Link(StoreError("refused"), None)
    mine = reports(link)
    with pytest.raises(StoreError, match="refused"):
        mine.publish_event("run", "task", b"first")
    mine.publish_event("run", "task", b"second")
    assert [command.args[-1] for command in link.sent] == [b"second"]
