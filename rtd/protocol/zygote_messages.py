"""The messages between the supervisor and its zygotes, each declared once.

They are MessagePack notifications on a Unix socket: commands to a zygote, reports from it. A
zygote outlives its supervisor, over an upgrade too. So the names and keys on the wire stay those
of 0.1.0, though classes and fields have other names here, and a field that is added has a
default: an older peer does not send it, and `decode` leaves out the fields that it does not know.

A new message is a class here with its name in `COMMANDS` or `REPORTS`, and a handler in
`rtd.executor.zygote.zygote` or `rtd.supervisor.pools.zygote_messages`.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from rtd.common.errors import UnserialisableError
from rtd.common.text_of import pack_plain
from rtd.protocol.frames import NOTIFICATION, WireError, encode_notification

#: The key in `SpawnCommand.options` of `ExecutorOptions.lane_suffix`.
LANE_SUFFIX_OPTION: Final = "apart"


class SpawnCommand(NamedTuple):
    """Fork executors for a lane, with these options (`ExecutorOptions`)."""

    lane: str
    options: dict[str, Any]
    number: int = 1


class SparesCommand(NamedTuple):
    """Keep so many executors of a lane alive; replace each that ends."""

    lane: str
    number: int
    options: dict[str, Any]


class StopCommand(NamedTuple):
    """Ask a run to end, and `others` of its executor: `[slot, id]` of each."""

    exec_id: str
    slot: int
    run_id: str
    others: Sequence[Sequence[Any]] = ()


class RetireCommand(NamedTuple):
    """Let an executor end when its runs have."""

    exec_id: str


class KillCommand(NamedTuple):
    """Kill an executor with everything below it."""

    exec_id: str


class ForgetCommand(NamedTuple):
    """Forget the exit of an executor: its runs are settled."""

    exec_id: str


class DrainCommand(NamedTuple):
    """Fork nothing more; end when the last executor has ended and its exit is forgotten."""


class QuitCommand(NamedTuple):
    """End everything below this zygote, then the zygote."""


class StartReport(NamedTuple):
    """An executor has started.

    Attributes:
        slot, slots: the first of its slots on the board, and how many it has.
        ticks: start time of the process, in clock ticks since the boot.
        lane_suffix: it takes only runs whose lane has this behind its name.
    """

    exec_id: str
    lane: str
    slot: int
    pid: int
    slots: int = 1
    ticks: int = 0
    lane_suffix: str = ""


class ActiveRunReport(NamedTuple):
    """A run that was going on when its executor ended; a part of `ExitReport`."""

    slot: int
    run_id: str
    attempt: int = 1
    started_ns: int = 0


class ExitReport(NamedTuple):
    """An executor has ended. The zygote keeps the report until `ForgetCommand`.

    Attributes:
        code, signal: how the process ended; one of them is None.
        run_id: the first of `runs`.
        runs: what was going on in it.
        killed, strays: each process that was ended with it, or after it: `[pid, name, how]`.
    """

    exec_id: str
    lane: str = ""
    slot: int = 0
    pid: int = 0
    slots: int = 1
    ticks: int = 0
    lane_suffix: str = ""
    code: int | None = None
    signal: int | None = None
    cpu_s: float = 0.0
    max_rss_bytes: int = 0
    run_id: str | None = None
    runs: tuple[ActiveRunReport, ...] = ()
    killed: Sequence[Sequence[Any]] = ()
    strays: Sequence[Sequence[Any]] = ()


class SparesReport(NamedTuple):
    """How many executors of a lane a zygote keeps alive; a part of `HelloReport`."""

    lane: str
    number: int


class HelloReport(NamedTuple):
    """The state of a zygote: the first report on each connection.

    Attributes:
        slots: (lo, hi): it hands out the slots [lo, hi) of the board.
        error, error_place: why the app does not import, and where: {file, line}.
        warnings: sentences about the app, for the log.
        exits: the reports that wait for `ForgetCommand`.
        draining: it forks nothing more.
    """

    pid: int
    ticks: int
    generation: int
    slots: Sequence[int]
    app: str | None = None
    manifest: dict[str, Any] | None = None
    error: str | None = None
    error_place: dict[str, Any] | None = None
    warnings: Sequence[str] = ()
    executors: tuple[StartReport, ...] = ()
    exits: tuple[ExitReport, ...] = ()
    spares: tuple[SparesReport, ...] = ()
    draining: bool = False


class ErrorReport(NamedTuple):
    """A sentence for the supervisor's log."""

    message: str


_Command = SpawnCommand | SparesCommand | StopCommand | RetireCommand | KillCommand | ForgetCommand
_Report = HelloReport | StartReport | ExitReport | ErrorReport
#: Any class of this module.
ZygoteMessage = _Command | DrainCommand | QuitCommand | _Report
#: What the supervisor sends, by its name on the wire.
COMMANDS: Final[Mapping[str, Any]] = {
    "spawn": SpawnCommand,
    "keep": SparesCommand,
    "ask": StopCommand,
    "retire": RetireCommand,
    "kill": KillCommand,
    "ack": ForgetCommand,
    "drain": DrainCommand,
    "quit": QuitCommand,
}
#: What a zygote sends, by its name on the wire.
REPORTS: Final[Mapping[str, Any]] = {
    "hello": HelloReport, "born": StartReport, "gone": ExitReport, "error": ErrorReport,
}  # fmt: skip
_NAMES: Final = {kind: name for table in (COMMANDS, REPORTS) for name, kind in table.items()}
#: Fields with another key on the wire.
_KEYS: Final = {
    "exec_id": "exec",
    "run_id": "run",
    "lane_suffix": LANE_SUFFIX_OPTION,
    "number": "count",
    "error_place": "error_at",
    "spares": "keeps",
}
#: Fields that hold messages.
_PARTS: Final[Mapping[str, Any]] = {
    "executors": StartReport, "exits": ExitReport, "spares": SparesReport, "runs": ActiveRunReport,
}  # fmt: skip


class BadZygoteMessage(WireError):
    """A peer sent a message that is not known or lacks a field."""


def encode(message: ZygoteMessage) -> bytes:
    """Return the frame of a message."""
    name, params = _NAMES[type(message)], _to_params(message)
    try:
        return encode_notification(name, params)
    except UnserialisableError:  # a text of the app that no encoding has: its documentation, a path
        return pack_plain([NOTIFICATION, name, [params]])


def decode(table: Mapping[str, Any], name: str, params: Mapping[str, Any]) -> Any:
    """Return the message of a notification.

    Args:
        table: `COMMANDS` or `REPORTS`, depending on the sender.

    Raises:
        BadZygoteMessage: the name is not in the table, or a field is missing.
    """
    if name not in table:
        raise BadZygoteMessage(f"there is no message {name!r}")
    return _from_params(table[name], name, params)


def _to_params(message: Any) -> dict[str, Any]:
    params = message._asdict()
    for field, value in params.items():
        if field in _PARTS:
            params[field] = [_to_params(part) for part in value]
        elif isinstance(value, tuple):
            params[field] = list(value)
    return {_KEYS.get(field, field): value for field, value in params.items()}


def _from_params(kind: Any, name: str, params: Mapping[str, Any]) -> Any:
    values: dict[str, Any] = {}
    for field in kind._fields:
        key = _KEYS.get(field, field)
        if key in params:
            values[field] = params[key]
        elif field not in kind._field_defaults:
            raise BadZygoteMessage(f"{name}: {key} is missing")
        if field in _PARTS and field in values:
            parts = values[field] or ()
            values[field] = tuple(_from_params(_PARTS[field], field, part) for part in parts)
    return kind(**values)
