"""What the scheduler keeps in Redis: occurrences, what its tasks did last, who is disabled.

Times here are UTC microseconds (`_us`), since two due moments may lie close together.
"""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import msgpack

from rtd.store.connection.command import Call, check_batch

#: Characters of `last`: those of the ended states, `r` started, `u` its due moments are used up.
LAST_CHARS = "rsextlcu"
#: The field that stands for all tasks among the disabled.
ALL = "*"


class Firing(NamedTuple):
    """An occurrence that makes a run. `note` is `verdict|run id|reason`."""

    task: str
    due_us: int
    start_us: int
    id: str
    record: bytes
    item: str
    expires_ms: int
    note: str


class Unfired(NamedTuple):
    """An occurrence that makes none. `used`: the task counts as started and ended then."""

    task: str
    due_us: int
    used: bool
    note: str


class Flying(NamedTuple):
    """A run of a watched task that has begun and not ended."""

    id: str
    task: str
    start_us: int


class Kept(NamedTuple):
    """What a scheduler starts from.

    `alive_us` is up to when everything was decided (None: never), `last` maps a character of
    `LAST_CHARS` to task and time, `off` the tasks that somebody enabled or disabled, `owed` the
    due moments that are to be made up for, and why.
    """

    alive_us: int | None
    flying: list[Flying]
    off: dict[str, bool]
    owed: list["Due"]
    last: dict[str, dict[str, int]]


class Due(NamedTuple):
    """An occurrence as it is written down; the note is empty for one that ran in time."""

    task: str
    due_us: int
    note: str


def _pairs(reply: Sequence[bytes]) -> list[tuple[str, bytes]]:
    it = iter(reply)
    return [(key.decode(), value) for key, value in zip(it, it, strict=True)]


def _times(reply: Sequence[bytes]) -> dict[str, int]:
    return {task: int(value) for task, value in _pairs(reply)}


def _flying(reply: Sequence[bytes]) -> list[Flying]:
    found = []
    for run_id, value in _pairs(reply):
        task, _, at = value.decode().rpartition("|")
        found.append(Flying(run_id, task, int(at)))
    return found


def _switches(reply: Sequence[bytes]) -> dict[str, bool]:
    return {task: value == b"1" for task, value in _pairs(reply)}


def _owed(reply: Sequence[bytes]) -> list["Due"]:
    found = []
    for key, value in _pairs(reply):
        task, _, due = key.rpartition("|")
        found.append(Due(task, int(due), value.decode()))
    return found


def _texts(reply: Sequence[bytes]) -> list[str]:
    return [text.decode() for text in reply]


def _misses(reply: Sequence[bytes]) -> list[Due]:
    found = []
    for blob in reply:
        task, due, note = msgpack.unpackb(blob)
        found.append(Due(task, int(due), note))
    return found


class Scheduling:
    """Builds the scheduler's calls. Mixed into `Calls`."""

    prefix: str

    def fire(
        self,
        node: str,
        place: str,
        now_ms: int,
        kept: int,
        alive_us: int,
        firings: Sequence[Firing],
    ) -> Call:
        """Occurrences and their runs, all in one place, each at most once for ever.

        Gives for each an empty text (made), or the state character of the run that existed
        (`-`: its record is gone). `kept` is how many occurrences are kept of each task,
        `alive_us` up to when everything has been decided.
        """
        check_batch(len(firings))
        flat = [field for firing in firings for field in firing]
        args = ("1", self.prefix, node, place, now_ms, kept, alive_us, *flat)
        return Call(args, _texts, "fire")

    def note_unfired(self, kept: int, alive_us: int, unfired: Sequence[Unfired]) -> Call:
        """Occurrences that make no run; those that are written down already stay as they are.

        A note that begins with `owed|` says that its run is yet to be made: until it is fired
        it stands in `Kept.owed`.
        """
        check_batch(len(unfired))
        flat: list[Any] = []
        for one in unfired:
            flat += (one.task, one.due_us, int(one.used), one.note)
        return Call(("1", self.prefix, kept, alive_us, *flat), int, "note")

    def set_alive(self, alive_us: int) -> Call:
        """Everything up to then has been decided, and written."""
        return Call(("SET", f"{self.prefix}alive", alive_us))

    def schedule_kept(self) -> list[Call]:
        """The calls whose answers `kept_of` puts together."""
        hashes = [Call(("HGETALL", f"{self.prefix}last:{c}"), _times) for c in LAST_CHARS]
        return [
            Call(("GET", f"{self.prefix}alive"), lambda reply: int(reply) if reply else None),
            Call(("HGETALL", f"{self.prefix}flying"), _flying),
            self.switches(),
            Call(("HGETALL", f"{self.prefix}owed"), _owed),
            *hashes,
        ]

    def switches(self) -> Call:
        """The tasks that somebody enabled or disabled, and `ALL`."""
        return Call(("HGETALL", f"{self.prefix}switches"), _switches)

    def served_since(self) -> Call:
        """When each task with a condition was first served."""
        return Call(("HGETALL", f"{self.prefix}since"), _times)

    def note_served(self, tasks: Iterable[str], since_us: int) -> Call:
        """These tasks are served for the first time."""
        fields = [field for task in tasks for field in (task, since_us)]
        return Call(("HSET", f"{self.prefix}since", *fields), int)

    def drop_owed(self, dues: Iterable["Due"]) -> Call:
        """These are not to be made up for any more."""
        fields = [f"{due.task}|{due.due_us}" for due in dues]
        return Call(("HDEL", f"{self.prefix}owed", *fields), int)

    def drop_flying(self, ids: Iterable[str]) -> Call:
        """These runs are over, or were never there."""
        return Call(("HDEL", f"{self.prefix}flying", *ids), int)

    def watched(self) -> Call:
        """The tasks whose runs ring."""
        return Call(("SMEMBERS", f"{self.prefix}watched"), _texts)

    def asked(self) -> Call:
        """The tasks of which it is told when a run has an executor."""
        return Call(("SMEMBERS", f"{self.prefix}asked"), _texts)

    def ask_of(self, tasks: Iterable[str]) -> Call:
        """Let that of these tasks be told, by `task|<task>|b|<id>|0`."""
        return Call(("SADD", f"{self.prefix}asked", *tasks), int)

    def unask_of(self, tasks: Iterable[str]) -> Call:
        """Takes back `ask_of`."""
        return Call(("SREM", f"{self.prefix}asked", *tasks), int)

    def unwatch_tasks(self, tasks: Iterable[str]) -> Call:
        """Takes back `watch_tasks`."""
        return Call(("SREM", f"{self.prefix}watched", *tasks), int)

    def switch(self, node: str, task: str, on: bool) -> Call:
        """Enables or disables a task (or `ALL`) until further notice; with all enabled the
        schedule goes on, whatever had halted it. Gives 1 if it was halted."""
        return Call(("1", self.prefix, node, task, int(on)), int, "switch")

    def occurrences(self, task: str, limit: int) -> list[Call]:
        """The latest due moments of a task, newest first, and the notes on them: for
        `dues_of`."""
        return [
            Call(("ZREVRANGE", f"{self.prefix}occ:{task}", 0, limit - 1), _texts),
            Call(("HGETALL", f"{self.prefix}note:{task}"), _pairs),
        ]

    def misses(self, limit: int) -> Call:
        """Occurrences that did not just run in time, those written down last first: `Due`."""
        return Call(("LRANGE", f"{self.prefix}misses", 0, limit - 1), _misses)


def kept_of(answers: Sequence[Any]) -> Kept:
    """What the answers to `schedule_kept` say."""
    alive_us, flying, switches, owed, *last = answers
    return Kept(alive_us, flying, switches, owed, dict(zip(LAST_CHARS, last, strict=True)))


def dues_of(task: str, answers: Sequence[Any]) -> list[Due]:
    """What the answers to `occurrences` say."""
    notes = {due: note.decode() for due, note in answers[1]}
    return [Due(task, int(due), notes.get(due, "")) for due in answers[0]]
