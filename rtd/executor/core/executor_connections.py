"""The connections of an executor to Redis: one for commands, and one to wait for the bell."""

from collections.abc import Callable, Sequence
from typing import Any, Final, TypeVar

from rtd.common.errors import StoreError, StoreGone, StoreRefusal
from rtd.common.stdlib.originals import os, time
from rtd.model.output_files import Places, file_place
from rtd.store.commands.node_claim import name_connection
from rtd.store.connection.blocking import PollResult, RedisConnection
from rtd.store.connection.command import RedisCommand

Answer = TypeVar("Answer")
_CONNECT_S: Final = 0.5
#: So long an idle executor without a zygote waits for Redis.
ABANDONED_S: Final = 20.0
#: Waits between attempts to reach Redis again, in seconds.
_BACKOFF_S: Final = (0.01, 0.02, 0.05, 0.1, 0.2)


class Abandoned(Exception):
    """There is nothing left that this executor could work for."""


class ExecutorConnections:
    """Connects when it must, and keeps the bell apart from commands.

    Args:
        bell_key: the list that a submit pushes tokens to.
        shared: the executor has one run at a time, so it waits on the connection for commands:
            the next command cancels the wait.
        pause: waits so many seconds, or less when a signal comes; used while Redis is gone.
        on_token: called with a token that came just when a wait was cancelled.
        on_lost: called when Redis is gone.

    Attributes:
        listening: a BLPOP is outstanding, until it answers or is cancelled.
    """

    def __init__(
        self,
        store_url: str,
        bell_key: str,
        exec_id: str,
        *,
        shared: bool,
        pause: Callable[[float], None],
        on_token: Callable[[bytes], None],
        on_lost: Callable[[], None],
    ) -> None:
        self._store_url = store_url
        self._bell_key = bell_key
        self._exec_id = exec_id
        self._zygote_pid = os.getppid()
        self._shared = shared
        self._pause = pause
        self._on_token = on_token
        self._on_lost = on_lost
        self._commands: RedisConnection | None = None
        self._bell: RedisConnection | None = None
        self.listening = False
        #: The files of the descriptors of both.
        self._places: dict[RedisConnection, tuple[int, int] | None] = {}

    def for_commands(self) -> RedisConnection:
        """Return the connection for commands. Raises StoreGone."""
        if self._commands is None:
            self._commands = self._connect()
        elif self._shared and self.listening:
            self.listening = False
            token = self._commands.blpop_cancel()
            if token:
                self._on_token(token)
        return self._commands

    def execute(self, command: RedisCommand) -> Any:
        """Return the reply to a command; None when Redis is gone."""
        try:
            (reply,) = self.for_commands().execute_all(command)
        except StoreGone:
            self.drop()
            return None
        return reply

    def retry(self, step: Callable[[], Answer], is_idle: bool = False) -> Answer:
        """Return the result of a step, repeated until Redis answers and takes it.

        A refusal of any kind is waited for, too: the runs of this executor would be lost.

        Args:
            is_idle: this executor has nothing that Redis must know.

        Raises:
            Abandoned: it is idle, its zygote is dead, and Redis has been gone for long.
        """
        tries, since_s = 0, time.monotonic()
        while True:
            try:
                return step()
            except (StoreGone, StoreError):
                self.drop()
                is_late = time.monotonic() - since_s > ABANDONED_S
                if is_idle and is_late and os.getppid() != self._zygote_pid:
                    raise Abandoned from None
                self._pause(_BACKOFF_S[min(tries, len(_BACKOFF_S) - 1)])
                tries += 1

    def wait(self, timeout_s: float | None, fds: Sequence[int]) -> PollResult:
        """Wait for the bell or for one of `fds`. Raises StoreGone."""
        if self._bell is None:
            self._bell = self._for_bell()
        if not self.listening:
            self._bell.blpop_start(self._bell_key)
            self.listening = True
        polled = self._bell.blpop_poll(timeout_s, fds)
        self.listening = not polled.answered
        return polled

    def _for_bell(self) -> RedisConnection:
        if self._shared:
            return self.for_commands()
        return self._connect()

    def _connect(self) -> RedisConnection:
        """Return a new connection, with a name by which other nodes see that this executor lives;
        a Redis that allows no names serves it all the same."""
        connection = RedisConnection.connect(self._store_url, timeout_s=_CONNECT_S)
        try:
            connection.execute(name_connection(self._exec_id))
        except (StoreRefusal, StoreError):
            connection.reconnect(_CONNECT_S)
        self._places[connection] = file_place(connection.fileno())
        return connection

    def drop(self) -> None:
        """Close both, for Redis is gone."""
        self._on_lost()
        self.close()

    def own_fds(self) -> Places:
        """Return the descriptors that no task may close, with their files."""
        links = (self._commands, self._bell)
        return {
            link.fileno(): self._places.get(link)
            for link in links
            if link is not None and link.connected
        }

    def abandon(self) -> None:
        """Connect again: a task has closed the descriptors of both."""
        for link in (self._commands, self._bell):
            if link is not None and link.connected:
                link.abandon()
        self.drop()

    def close(self) -> None:
        """Close both. The next use connects again."""
        for connection in (self._commands, self._bell):
            if connection is not None:
                connection.close()
        self._commands = self._bell = None
        self._places.clear()
        self.listening = False
