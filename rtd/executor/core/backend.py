"""An executor's side of Redis: outcomes out, runs in, one round trip for both.

Survives the loss of Redis: sends outcomes that were not acknowledged again, and finds runs
again that were leased by a lost reply (`mine`). So nothing is lost, and no run that has
finished runs twice.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import msgpack

from rtd.common.errors import StoreGone
from rtd.common.stdlib.originals import time
from rtd.executor.core.app_reports import AppReports
from rtd.executor.core.executor_connections import ExecutorConnections
from rtd.executor.core.executor_options import ExecutorContext
from rtd.executor.core.leased_run import LeasedRun
from rtd.executor.core.outcome_batch import OutcomeBatch
from rtd.model.outcome_spool import Spool
from rtd.store.commands.arguments import StoredRun, TakeReply, parse_token
from rtd.store.commands.commands import StoreCommands
from rtd.store.connection.blocking import RedisConnection
from rtd.store.connection.command import RedisCommand
from rtd.store.connection.lua_scripts import script

#: How long to wait for a token that is on its way: it takes microseconds.
_LATE_TOKEN_S: Final = 5.0

# Read and hashed where this module is imported, in the zygote, not in each executor.
for _name in ("take", "finish", "giveback", "decline", "mine", "retire", "progress", "fault"):
    script(_name)


class Backend:
    """Takes runs and reports outcomes for one executor; `outcomes` go with the next exchange.

    Args:
        pause: waits so many seconds, or less when a signal comes; used while Redis is gone.
    """

    def __init__(
        self, context: ExecutorContext, spool: Spool, pause: Callable[[float], None]
    ) -> None:
        self.commands = StoreCommands(context.options.namespace)
        self.exec_id = context.exec_id
        self._lane = context.lane.name + context.options.lane_suffix
        self._options = context.options
        self.outcomes = OutcomeBatch(context, spool, self.commands)
        self.connections = ExecutorConnections(
            context.options.store_url,
            self.commands.bell_key(self.exec_id),
            self.exec_id,
            shared=not context.lane.concurrent,
            pause=pause,
            on_token=self._on_unexpected_token,
            on_lost=self._on_lost,
        )
        self._enrolled = False
        #: Runs that came with the bell just when the wait for it was cancelled.
        self._handed_over: list[StoredRun] = []
        #: Whether the last answer was `idle` and no token has come since.
        self._idle = False
        #: Whether Redis knows the script of `finish`, as far as this connection has seen.
        self._proven = False
        self._leased_ids: set[str] = set()
        self._resync = False
        self.reports = AppReports(
            self.connections, self.commands, context.options.node, self.exec_id
        )

    # -- the round trip --------------------------------------------------------------------

    def exchange(self, want: int) -> TakeReply:
        """Report the pending outcomes and take up to `want` runs (0: only report). Waits for Redis
        to come back, however long it takes.

        Raises:
            Abandoned: see `rtd.executor.core.executor_connections.ExecutorConnections.retry`.
        """
        is_idle = not (self._leased_ids or self.outcomes.pending or self._handed_over)
        return self.connections.retry(lambda: self._exchange(want), is_idle)

    def execute_all(self, calls: Sequence[RedisCommand]) -> list[Any]:
        """Return the replies to some commands, after the pending outcomes: one round trip. Waits
        for Redis to come back, however long it takes."""

        def step() -> list[Any]:
            connection = self._proven_connection()
            if not self.outcomes.pending:
                return connection.execute_all(*calls)
            refused, *replies = connection.execute_all(self.outcomes.finish_command(), *calls)
            self._report(connection, refused)
            return replies

        return self.connections.retry(step)

    def _exchange(self, want: int) -> TakeReply:
        connection = self.connections.for_commands()
        self.reports.send_waiting(connection)
        if self._handed_over:
            found, self._handed_over = self._handed_over, []
            return TakeReply("runs", found)
        if self._resync:
            found = self._find_lost(connection)
            if found:
                return TakeReply("runs", found)
        self._proven_connection()
        calls = [self.outcomes.finish_command()] if self.outcomes.pending else []
        if want:
            calls.append(self._take(want))
        replies = connection.execute_all(*calls) if calls else []
        if self.outcomes.pending:
            self._report(connection, replies[0])
        if not want:
            return TakeReply("runs", [])
        reply: TakeReply = replies[-1]
        self._enrolled = True
        was_idle, self._idle = self._idle, reply.what == "idle"
        if was_idle and reply.token_pending and reply.runs:
            self._read_late_token(reply.runs)
        for run in reply.runs:
            self._leased_ids.add(run.id)
        return reply

    def _proven_connection(self) -> RedisConnection:
        """Return the connection, with pending outcomes sent if Redis may not know the script.

        A script that Redis does not know is repeated after the other commands of its trip. So
        the first finish goes alone, and the commands behind it see its effect.
        """
        connection = self.connections.for_commands()
        if self.outcomes.unclear:
            self.outcomes.clarify(connection)
        if self.outcomes.pending and not self._proven:
            self._report(connection, connection.execute_all(self.outcomes.finish_command())[0])
            self._proven = True
        return connection

    def _read_late_token(self, runs: list[StoredRun]) -> None:
        """Take a token that came after the wait for it ended: it may be a run, which would lie
        there until this executor is idle again."""
        if self.connections.listening and (token := self.wait_for_token(_LATE_TOKEN_S, ())):
            run = parse_token(token)
            runs += [] if run is None else [run]

    def _report(self, connection: RedisConnection, refused: list[str]) -> None:
        """Repeat a finish without the outcomes that Redis refused, until it has taken all."""
        reports = self.outcomes
        while refused:
            self._leased_ids.difference_update(refused)
            reports.drop_refused(set(refused))
            refused = []
            if reports.pending:
                (refused,) = connection.execute_all(reports.finish_command())
        self._leased_ids.difference_update(reports.acknowledge())

    def _take(self, want: int) -> Any:
        node, now_ms, enroll = self._options.node, int(time.time() * 1000), not self._enrolled
        return self.commands.take(node, self.exec_id, self._lane, want, now_ms, enroll=enroll)

    # -- Redis went away -------------------------------------------------------------------

    def _on_unexpected_token(self, token: bytes) -> None:
        run = parse_token(token)
        if run is not None:
            self.record_handoff(run)
            self._handed_over.append(run)

    def _on_lost(self) -> None:
        self._resync = self._enrolled
        self._proven = self._idle = False

    def _find_lost(self, connection: RedisConnection) -> list[StoredRun]:
        (mine,) = connection.execute_all(self.commands.mine(self._options.node, self.exec_id))
        self._resync = False
        found = [run for run in mine if run.id not in self._leased_ids]
        self._leased_ids.update(run.id for run in found)
        return found

    # -- single commands -------------------------------------------------------------------

    def give_back(self, works: Sequence[LeasedRun]) -> None:
        """Put runs that were taken and not started back at the head of their queue."""
        ids = [work.id for work in works]
        # Without Redis the leases stay ours: `mine` finds them again when it is back.
        self.connections.execute(self.commands.giveback(self._options.node, self.exec_id, ids))
        self._leased_ids.difference_update(ids)

    def decline(self, runs: Mapping[str, str]) -> set[str]:
        """Leave runs, by their ids, to nodes that have their task. Return the ids of those that
        none takes."""
        call = self.commands.decline(self._options.node, self.exec_id, runs)
        left = set(self.connections.execute(call) or ())  # without Redis: as in `give_back`
        self._leased_ids.difference_update(runs.keys() - left)
        return left

    def is_undelivered(self, run_id: str) -> bool:
        """Return whether middleware must still hear of an earlier attempt of a run."""
        return bool(self.connections.execute(self.commands.is_undelivered(run_id)))

    def read_intent(self, run_id: str) -> dict[str, Any] | None:
        """Return who asked that run to stop, and why; None when that is not recorded. Without
        Redis it is found when the outcome is written."""
        return self.read_intents([run_id])[run_id]

    def read_intents(self, run_ids: Sequence[str]) -> dict[str, dict[str, Any] | None]:
        """Return that of several runs, by their ids: one round trip."""
        try:
            connection = self.connections.for_commands()
            blobs = connection.execute_all(*map(self.commands.get_intent, run_ids))
        except StoreGone:
            self.connections.drop()
            self.outcomes.unclear.update(dict.fromkeys(run_ids))
            return dict.fromkeys(run_ids)
        found = zip(run_ids, blobs, strict=True)
        return {run_id: None if blob is None else msgpack.unpackb(blob) for run_id, blob in found}

    def request_retire(self) -> None:
        """Ask for retirement. A later take grants it, once no run is left for this executor."""
        self.connections.execute(self.commands.retire(self.exec_id))

    def wait_for_token(self, timeout_s: float | None, fds: Sequence[int]) -> bytes | None:
        """Wait for the bell or for one of `fds`.

        Returns:
            The token: empty when there are runs to take, or a run; None unless the bell rang.
        """
        try:
            polled = self.connections.wait(timeout_s, fds)
        except StoreGone:
            self.connections.drop()
            return None
        self._idle = self._idle and not polled.answered
        return polled.token

    def record_handoff(self, run: StoredRun) -> None:
        """Remember a run that came with the bell."""
        self._leased_ids.add(run.id)
