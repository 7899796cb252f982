"""An executor's side of Redis: outcomes out, runs in, one round trip for both.

Survives the loss of Redis: what was not acknowledged is sent again, and what was leased by
a reply that got lost is found again (`mine`), so nothing is lost and nothing finished runs
twice.
"""

import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, Final, TypeVar

import msgpack

from rtd.common.errors import StoreGone
from rtd.executor.core.executor_options import ExecutorContext
from rtd.executor.core.leased_run import LeasedRun
from rtd.executor.core.outcome_batch import OutcomeBatch
from rtd.model.outcome_spool import Spool
from rtd.store.commands.arguments import StoredRun, TakeReply, parse_token
from rtd.store.commands.commands import StoreCommands
from rtd.store.connection.blocking import RedisConnection
from rtd.store.connection.command import RedisCommand
from rtd.store.connection.lua_scripts import script

Answer = TypeVar("Answer")
#: Waits between attempts to reach Redis again, in seconds.
_BACKOFF_S: Final = (0.01, 0.02, 0.05, 0.1, 0.2)

#: How long a token that is on its way may take; it is at hand within microseconds.
_LATE_TOKEN_S: Final = 5.0
_FAULTS: Final = 200

# Read and digested where this module is imported, in the zygote, not in each executor.
for _name in ("take", "finish", "giveback", "mine", "retire", "progress", "fault"):
    script(_name)


class Backend:
    """Takes runs and reports outcomes for one executor.

    Args:
        pause: waits so many seconds, or less when a signal comes; used while Redis is gone.

    Attributes:
        reports: what is told with the next exchange.
    """

    def __init__(
        self, context: ExecutorContext, spool: Spool, pause: Callable[[float], None]
    ) -> None:
        self.commands = StoreCommands(context.options.namespace)
        self.exec_id = context.exec_id
        self._lane = context.lane.name + context.options.lane_suffix
        self._options = context.options
        self.outcomes = OutcomeBatch(context, spool, self.commands)
        self._pause = pause
        self._connection: RedisConnection | None = None
        self._wait_connection: RedisConnection | None = None
        self._enrolled = False
        #: One run at a time: an idle executor needs no second connection to wait on.
        self._shares_connection = not context.lane.concurrent
        #: Runs that came with the bell while we stopped to wait for it.
        self._handed_over: list[StoredRun] = []
        #: A BLPOP stays outstanding on the bell's link until it answers or is cancelled.
        self._listening = False
        #: Whether the last answer was `idle` and no token has come since.
        self._idle = False
        #: Whether Redis knows the script of `finish`, as far as this link has seen.
        self._proven = False
        self._leased_ids: set[str] = set()
        self._resync = False
        #: What Redis has not been told of yet; of more the oldest go.
        self._faults: deque[RedisCommand] = deque(maxlen=_FAULTS)

    # -- the round trip --------------------------------------------------------------------

    def exchange(self, want: int, *, patient: bool = True) -> TakeReply:
        """Report what is pending and take up to `want` runs (0: only report).

        Args:
            patient: wait for Redis to come back, however long it takes.

        Raises:
            StoreGone: Redis does not answer and the caller is not patient.
        """
        return self._retry(lambda: self._exchange(want), patient)

    def execute_all(self, calls: Sequence[RedisCommand]) -> list[Any]:
        """What some calls give, once what is pending has been reported: one round trip.

        Waits for Redis to come back, however long it takes.
        """

        def step() -> list[Any]:
            link = self._proven_connection()
            if not self.outcomes.pending:
                return link.execute_all(*calls)
            refused, *replies = link.execute_all(self.outcomes.finish_command(), *calls)
            self._report(link, refused)
            return replies

        return self._retry(step)

    def _retry(self, step: Callable[[], Answer], patient: bool = True) -> Answer:
        tries = 0
        while True:
            try:
                return step()
            except StoreGone:
                self._drop_connections()
                if not patient:
                    raise
                self._pause(_BACKOFF_S[min(tries, len(_BACKOFF_S) - 1)])
                tries += 1

    def _exchange(self, want: int) -> TakeReply:
        link = self._connected()
        if self._faults:
            self._send_faults(link)
        if self._handed_over:
            found, self._handed_over = self._handed_over, []
            return TakeReply("runs", found)
        if self._resync:
            found = self._find_lost(link)
            if found:
                return TakeReply("runs", found)
        self._proven_connection()
        calls = []
        if self.outcomes.pending:
            calls.append(self.outcomes.finish_command())
        if want:
            calls.append(self._take(want))
        replies = link.execute_all(*calls) if calls else []
        if self.outcomes.pending:
            self._report(link, replies[0])
        if not want:
            return TakeReply("runs", [])
        took: TakeReply = replies[-1]
        self._enrolled = True
        was_idle, self._idle = self._idle, took.what == "idle"
        if was_idle and took.token_pending and took.runs:
            self._read_late_token(took.runs)
        self._leased_ids.update(run.id for run in took.runs)
        return took

    def _proven_connection(self) -> RedisConnection:
        """A script that Redis does not know yet is repeated after the others of its trip: the
        first finish goes alone, so that what is behind it sees what it did."""
        link = self._connected()
        if self.outcomes.pending and not self._proven:
            self._report(link, link.execute_all(self.outcomes.finish_command())[0])
            self._proven = True
        return link

    def _read_late_token(self, runs: list[StoredRun]) -> None:
        """A token came to the bell's link after we gave up waiting: it may be a run, which
        would lie there until we are idle again."""
        if self._listening and (token := self.wait_for_token(_LATE_TOKEN_S, ())):
            run = parse_token(token)
            if run is not None:
                runs.append(run)

    def _report(self, link: RedisConnection, refused: list[str]) -> None:
        """Redis answered a finish: repeat it without what it refused, until it has all."""
        reports = self.outcomes
        while refused:
            self._leased_ids.difference_update(refused)
            reports.drop_refused(set(refused))
            (refused,) = link.execute_all(reports.finish_command()) if reports.pending else ([],)
        self._leased_ids.difference_update(reports.acknowledge())

    def _take(self, want: int) -> Any:
        now_ms = int(time.time() * 1000)
        return self.commands.take(
            self._options.node, self.exec_id, self._lane, want, now_ms, enroll=not self._enrolled
        )

    # -- Redis went away -------------------------------------------------------------------

    def _connected(self) -> RedisConnection:
        if self._connection is None:
            self._connection = RedisConnection.connect(self._options.store_url, timeout_s=0.5)
        elif self._shares_connection and self._listening:
            self._listening = False
            token = self._connection.blpop_cancel()
            run = parse_token(token) if token else None
            if run is not None:
                self.record_handoff(run)
                self._handed_over.append(run)
        return self._connection

    def _drop_connections(self) -> None:
        self._resync = self._enrolled
        for link in (self._connection, self._wait_connection):
            if link is not None:
                link.close()
        self._connection = self._wait_connection = None
        self._listening = self._proven = self._idle = False

    def close_in_child(self) -> None:
        """In a forked child: the links are the executor's. One that reports progress makes
        its own."""
        for link in (self._connection, self._wait_connection):
            if link is not None:
                link.close()
        self._connection = self._wait_connection = None
        self._listening = False

    def _find_lost(self, link: RedisConnection) -> list[StoredRun]:
        (mine,) = link.execute_all(self.commands.mine(self.exec_id))
        self._resync = False
        found = [run for run in mine if run.id not in self._leased_ids]
        self._leased_ids.update(run.id for run in found)
        return found

    # -- the rest --------------------------------------------------------------------------

    def give_back(self, works: Sequence[LeasedRun]) -> None:
        """Runs that were taken and not started go back to the head of their queue."""
        ids = [work.id for work in works]
        try:
            self._connected().execute_all(
                self.commands.giveback(self._options.node, self.exec_id, ids)
            )
        except StoreGone:
            # The leases stay ours: `mine` finds them again when Redis is back.
            self._drop_connections()
        self._leased_ids.difference_update(ids)

    def read_intent(self, run_id: str) -> dict[str, Any] | None:
        """Who asked that run to stop, and why; None when nobody left a note."""
        try:
            (blob,) = self._connected().execute_all(self.commands.get_intent(run_id))
        except StoreGone:
            self._drop_connections()
            return None
        return None if blob is None else msgpack.unpackb(blob)

    def report_progress(self, run_id: str, blob: bytes) -> None:
        """How far a run is. Lost when Redis is gone: the next report replaces it anyway."""
        try:
            self._connected().execute_all(self.commands.set_progress(self.exec_id, run_id, blob))
        except StoreGone:
            self._drop_connections()

    def report_fault(self, kind: str, what: str, message: str, halts: bool = False) -> None:
        """Report a failure of the app, see `AppFault`: now, or as soon as Redis is back.

        Args:
            halts: it halts the schedule.
        """
        node, now_at = self._options.node, time.time()
        self._faults.append(
            self.commands.record_fault(node, kind, what, message, now_at, halts=halts)
        )
        try:
            self._send_faults(self._connected())
        except StoreGone:
            self._drop_connections()

    def _send_faults(self, link: RedisConnection) -> None:
        while self._faults:
            link.execute_all(self._faults[0])
            self._faults.popleft()

    def request_retire(self) -> None:
        """Ask to be retired, so that the next take says so once nothing is left for us."""
        try:
            self._connected().execute_all(self.commands.retire(self.exec_id))
        except StoreGone:
            self._drop_connections()

    def wait_for_token(self, timeout_s: float | None, fds: Sequence[int]) -> bytes | None:
        """Wait for the doorbell or for one of `fds`; None unless the bell rang.

        Returns:
            The token: empty to take, or a run handed over.
        """
        try:
            if self._wait_connection is None:
                self._wait_connection = self._new_wait_connection()
            if not self._listening:
                self._wait_connection.blpop_start(self.commands.bell_key(self.exec_id))
                self._listening = True
            polled = self._wait_connection.blpop_poll(timeout_s, fds)
        except StoreGone:
            self._drop_connections()
            return None
        self._listening = not polled.answered
        self._idle = self._idle and not polled.answered
        return polled.token

    def _new_wait_connection(self) -> RedisConnection:
        if self._shares_connection:
            return self._connected()
        return RedisConnection.connect(self._options.store_url, timeout_s=0.5)

    def record_handoff(self, run: StoredRun) -> None:
        """A run that came with the bell is ours."""
        self._leased_ids.add(run.id)
