"""Commands for every change of a run.

Each is one atomic step in Redis: it happens whole or not at all, also when Redis or the caller
dies in the middle. The scripts are in `rtd/store/lua`.

Times are UTC in milliseconds (`_ms`), as Redis compares them.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from rtd.store.commands import keys, replies
from rtd.store.commands.arguments import Cancellation, LeaseOutcome, Submission
from rtd.store.commands.stored_records import unknown_record_parts
from rtd.store.connection.command import RedisCommand, check_batch

#: Runs that one `purge` ends. More take longer each: their records outgrow the caches.
PURGED_MOST: Final = 200
_UNKNOWN_RECORD: Final = unknown_record_parts()


def _flat(outcomes: Sequence[LeaseOutcome]) -> list[Any]:
    check_batch(len(outcomes))
    return [field for outcome in outcomes for field in outcome]


class RunCommands:
    """Builds the commands that change runs. Mixed into `StoreCommands`.

    Args:
        namespace: the name of this rtd; keys of different namespaces never meet.
    """

    def __init__(self, namespace: str) -> None:
        self.prefix = keys.prefix(namespace)

    def _script(self, script: str, *args: Any, parse: Any) -> RedisCommand:
        return RedisCommand(("1", self.prefix, *args), parse, script)

    def submit(
        self, node: str, place: str, task: str, now_ms: int, runs: Sequence[Submission]
    ) -> RedisCommand:
        """Queue runs of one task in one place. Gives one flag per run: 1 created, 0 existed.

        An id that exists already stays as it is, in any state: to send a submit again after a
        lost reply is safe. A run that is due now goes straight to an idle executor when nothing
        waits before it.
        """
        check_batch(len(runs))
        count = len(runs)
        if all(len(r.item) == 26 and not r.due_ms and not r.expires_ms for r in runs):
            flat: list[Any] = [field for r in runs for field in (r.id, r.record)]
            stride = 2
        else:
            flat = [field for r in runs for field in r]
            stride = 5

        def flags(reply: int | list[int]) -> list[int]:
            return [1] * count if isinstance(reply, int) else reply

        return self._script("submit", node, place, task, now_ms, stride, *flat, parse=flags)

    def take(
        self, node: str, exec_id: str, lane: str, n: int, now_ms: int, *, enroll: bool = False
    ) -> RedisCommand:
        """Lease up to `n` runs to an executor: `TakeReply`.

        Order: by score of the place (queue priority, then run priority), first in first out
        within; hand-offs that wait on the bell come before all and may exceed `n`.
        `enroll` registers the executor first; an executor that was fenced stays refused.
        """
        check_batch(n)
        flag = 1 if enroll else 0
        return self._script("take", node, exec_id, lane, n, now_ms, flag, parse=replies.parse_take)

    def finish(
        self,
        node: str,
        exec_id: str,
        now_ms: int,
        events: bytes,
        history: int,
        outcomes: Sequence[LeaseOutcome],
    ) -> RedisCommand:
        """Write outcomes of leased runs. Gives the refused ids: [] = all written.

        When any id is not leased to this executor (fenced meanwhile, or written by an earlier
        command whose reply was lost) nothing at all is done: drop those and send the rest again.
        `history` is how many finished runs of each task are kept. `events` is one packed
        list for the event stream, or b"".
        """
        flat = _flat(outcomes)
        return self._script(
            "finish", node, exec_id, now_ms, events, history, *flat, parse=replies.parse_ids
        )

    def settle(
        self,
        node: str,
        exec_id: str,
        now_ms: int,
        events: bytes,
        history: int,
        outcomes: Sequence[LeaseOutcome],
    ) -> RedisCommand:
        """Write outcomes as `finish` does, for the runs of an executor that has been fenced."""
        flat = _flat(outcomes)
        return self._script(
            "settle", node, exec_id, now_ms, events, history, *flat, parse=replies.parse_ids
        )

    def giveback(self, node: str, exec_id: str, ids: Sequence[str]) -> RedisCommand:
        """Return leases that were not started to the head of their lists, in this order.

        Gives the ids that were not this executor's; the others are back.
        """
        check_batch(len(ids))
        return self._script("giveback", node, exec_id, *ids, parse=replies.parse_ids)

    def decline(self, node: str, exec_id: str, runs: Mapping[str, str]) -> RedisCommand:
        """Leave leased runs (task by id) to nodes that have their task.

        Gives the ids of those that no other node takes: they stay leased.
        """
        check_batch(len(runs))
        words = [word for run in runs.items() for word in run]
        return self._script("decline", node, exec_id, *words, parse=replies.parse_ids)

    def mine(self, node: str, exec_id: str) -> RedisCommand:
        """Read all runs leased to an executor: `StoredRun`. For use after a lost reply.

        It is not idle any more and nothing is on its bell: a `take` must follow.
        """
        return self._script("mine", node, exec_id, parse=replies.parse_runs)

    def retire(self, exec_id: str) -> RedisCommand:
        """Let an executor's next `take` reply `retire`, and wake it if it is idle."""
        return self._script("retire", exec_id, parse=int)

    def fence(self, node: str, exec_id: str, own_doing: bool = False) -> RedisCommand:
        """Declare an executor dead. Gives its leases: `OrphanRun`. Runs that are on its bell still
        return to the heads of their lists, since it has not begun them.

        Args:
            own_doing: it ended by itself, without being killed.

        From here on Redis refuses its `take` and `finish`, however late they arrive (a late
        first `take` too, for five minutes). The same command later gives the leases that are not
        settled yet.
        """
        return self._script("fence", node, exec_id, int(own_doing), parse=replies.parse_orphans)

    def cancel(
        self, node: str, now_ms: int, events: bytes, history: int, run: Cancellation
    ) -> RedisCommand:
        """End a run that waits, wherever it waits, if its record is still `run.old`.

        Gives `ok`, `leased` (an executor has it), `changed` or `missing`.
        """
        return self._script("cancel", node, now_ms, events, history, *run, parse=replies.parse_text)

    def purge(
        self, node: str, now_ms: int, history: int, queue: str, end: bytes, reason: str, skip: int
    ) -> RedisCommand:
        """End up to 200 runs that wait in a queue, wherever they wait: `PurgeReply`.

        Send it again, with the reply's `skip` (0 at first), until there was nothing to end and
        `last` is set. `end` is a packed `rtd.model.run_record.RunEnd`, `reason` the text of the
        events.
        """
        args = (now_ms, history, queue, PURGED_MOST, skip, end, reason, *_UNKNOWN_RECORD)
        return self._script("purge", node, *args, parse=replies.parse_purge)

    def promote(self, node: str, now_ms: int) -> RedisCommand:
        """Queue delayed runs that are due. Gives when the next one is due in ms, or None."""
        return self._script("promote", node, now_ms, parse=replies.parse_ms)

    def list_expired(self, now_ms: int, limit: int = 100) -> RedisCommand:
        """Read runs that have expired and are not over.

        Gives when the next one expires in ms or None, and the runs: `StoredRun`. Ends none of
        them: send `cancel` for each. A run for which it gives `leased` has started.
        """
        return self._script("expire", now_ms, limit, parse=replies.parse_expired)

    def forget_expiry(self, ids: Iterable[str]) -> RedisCommand:
        """Forget when these runs expire: they have started."""
        return RedisCommand(("ZREM", self.prefix + "expiring", *ids), int)

    def forget(self, node: str, task: str, count: int, last_id: str) -> RedisCommand:
        """Forget the `count` oldest finished runs of a task, the newest of which is `last_id`.

        Gives how many records went; 0 when the list has changed since it was read.
        """
        return self._script("forget", node, task, count, last_id, parse=int)

    def forget_internal_run(self, run_id: str) -> RedisCommand:
        """Forget an internal run (its task begins with `@`), whose outcome has been read.

        Such a run rings `inner|<id>` when it ends and is in no list; its record goes after a
        minute.
        """
        return RedisCommand(("DEL", f"{self.prefix}r:{run_id}"), int)

    def pause(self, node: str, queue: str) -> RedisCommand:
        """Hide a queue's runs from `take`. Gives 1, or 0 if it was paused."""
        return self._script("pause", node, queue, parse=int)

    def resume(self, node: str, queue: str) -> RedisCommand:
        """Undo `pause`. Gives 1, or 0 if the queue was not paused."""
        return self._script("resume", node, queue, parse=int)

    def set_queue_priority(self, queue: str, priority: int) -> RedisCommand:
        """Set a queue's priority (higher first), also for the runs that wait in it."""
        return self._script("queue_priority", queue, priority, parse=int)

    def set_intent(self, run_id: str, blob: bytes) -> RedisCommand:
        """Record that a run must stop, and why. Gives whether the run is still going on."""
        return self._script("intend", run_id, blob, parse=bool)

    def withdraw_intent(self, run_id: str, blob: bytes) -> RedisCommand:
        """Forget `set_intent`, if no other request has replaced it."""
        return self._script("withdraw_intent", run_id, blob, parse=int)

    def set_progress(self, exec_id: str, run_id: str, blob: bytes) -> RedisCommand:
        """Record how far a leased run is. Gives whether it is leased to this executor."""
        return self._script("progress", exec_id, run_id, blob, parse=bool)

    def emit(self, events: bytes) -> RedisCommand:
        """Add one packed list of events to the stream."""
        args = ("XADD", self.prefix + "events", "MAXLEN", "~", 10000, "*", "b", events)
        return RedisCommand(args, replies.parse_text)

    def watch_runs(self, ids: Iterable[str]) -> RedisCommand:
        """Let each of these runs ring `done|<id>` when it ends. Send this, then read the record."""
        return RedisCommand(("SADD", self.prefix + "waits", *ids), int)

    def unwatch_runs(self, ids: Iterable[str]) -> RedisCommand:
        """Undo `watch_runs`."""
        return RedisCommand(("SREM", self.prefix + "waits", *ids), int)

    def clear_demand(self, node: str, lane: str) -> RedisCommand:
        """Forget that a lane rang: the next submit that finds no idle executor rings again."""
        return RedisCommand(("SREM", f"{self.prefix}demand:{lane}", node), int)

    def pass_demand(self, node: str, lane: str) -> RedisCommand:
        """Ring `passed|<lane>` at all other nodes, if runs wait in the lane: this one is full."""
        return self._script("pass_demand", node, lane, parse=int)
