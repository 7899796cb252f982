"""Errors that people read: a code for programs and one sentence for humans.

Every error that crosses a border (the socket, the command line, a record) is an
`RtdError`. Its sentence says what went wrong, where, and what to do.

Imported by every `rtctl`: without `typing` it starts 6 ms sooner.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, ClassVar


class RtdError(Exception):
    """Base of all errors of rtd; by itself a fault inside rtd: see the log of the daemon.

    Args:
        sentence: one line for a person.
        details: msgpack-able facts for programs, or None.
    """

    code: ClassVar[str] = "internal"

    def __init__(self, sentence: str, details: Any = None) -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.details = details

    def __str__(self) -> str:
        return self.sentence


class BadRequest(RtdError):
    """The request itself is wrong: unknown verb, unknown or mistyped parameter."""

    code = "bad_request"


class UnknownTask(RtdError):
    """No task of that name in the app."""

    code = "unknown_task"


class ParameterError(RtdError):
    """The parameters do not fit what the task takes."""

    code = "bad_params"


class PolicyError(RtdError):
    """A policy of a task has a value that cannot be used or cannot be enforced."""

    code = "bad_policy"


class UnserialisableError(RtdError):
    """A value that cannot be stored; the sentence names its path."""

    code = "unserialisable"


class TooLarge(RtdError):
    """Parameters or a result beyond the configured size."""

    code = "too_large"


class NoSuchRun(RtdError):
    """No run with that id, prefix or key."""

    code = "no_such_run"


class NoSuchQueue(RtdError):
    """No queue of that name has ever been used."""

    code = "no_such_queue"


class NoSuchParameter(RtdError):
    """No parameter of that name is declared in the app."""

    code = "no_such_parameter"


class AmbiguousRun(RtdError):
    """A short id that fits several runs."""

    code = "ambiguous_run"


class WrongState(RtdError):
    """The run is not in a state in which this can be done."""

    code = "wrong_state"


class Conflict(RtdError):
    """Another client changed it first, or it exists already."""

    code = "conflict"


class StoreGone(RtdError):
    """Redis does not answer.

    Args:
        maybe_done: the command was sent and its reply is lost: Redis may still execute it.
    """

    code = "redis_gone"

    def __init__(self, sentence: str, details: Any = None, *, maybe_done: bool = False) -> None:
        super().__init__(sentence, details)
        self.maybe_done = maybe_done


class StoreRefusal(StoreGone):
    """Redis is there and takes no commands, or no writes, for now: disk full, read-only.

    Args:
        elsewhere: another server may have taken its place: worth a new connection.
    """

    code = "redis_refuses"

    def __init__(self, sentence: str, details: Any = None, *, elsewhere: bool = False) -> None:
        super().__init__(sentence, details)
        self.elsewhere = elsewhere


class StoreError(RtdError):
    """Redis answers, and refuses the log-in, or a command that cannot work."""

    code = "redis_error"


class NotPermitted(RtdError):
    """The uid and groups of the caller do not allow it."""

    code = "not_permitted"


class FrameTooLarge(RtdError):
    """A frame on the socket beyond the limit."""

    code = "frame_too_large"


class VersionMismatch(RtdError):
    """Client and daemon speak different protocol versions."""

    code = "version_mismatch"


class ShuttingDown(RtdError):
    """The daemon is draining and takes no new work."""

    code = "shutting_down"


class WaitTimeout(RtdError):
    """The wait ended before the run. The run continues.

    Attributes:
        done, pending: if a client waits for several runs: those that have ended, and the others.
    """

    code = "timeout"

    def __init__(self, sentence: str, details: Any = None) -> None:
        super().__init__(sentence, details)
        self.done: list[Any] = []
        self.pending: list[Any] = []


class WaitDeadlock(RtdError):
    """The wait of a run would never end: the run that it waits for cannot end before this one."""

    code = "deadlock"


class Unreachable(RtdError):
    """The daemon's socket cannot be reached; the sentence says what was tried."""

    code = "unreachable"


class ConfigError(RtdError):
    """A setting is unknown or has an unusable value."""

    code = "bad_config"


class AppError(RtdError):
    """The app does not import; the sentence names file and line."""

    code = "bad_app"


class InternalError(RtdError):
    """A fault of rtd itself; the daemon's log has the details."""

    code = "internal"


def _subclasses(cls: type[RtdError]) -> list[type[RtdError]]:
    return [cls, *(s for sub in cls.__subclasses__() for s in _subclasses(sub))]


BY_CODE: dict[str, type[RtdError]] = {cls.code: cls for cls in reversed(_subclasses(RtdError))}

#: Exit codes of rtctl, by error code (DESIGN: 1 failed, 2 usage, 4 not permitted, ...).
EXIT_CODE: dict[str, int] = {
    "bad_request": 2,
    "bad_params": 2,
    "bad_policy": 2,
    "bad_config": 2,
    "unserialisable": 2,
    "too_large": 2,
    "frame_too_large": 2,
    "unknown_task": 5,
    "no_such_run": 5,
    "no_such_queue": 5,
    "no_such_parameter": 5,
    "ambiguous_run": 2,
    "wrong_state": 6,
    "conflict": 6,
    "version_mismatch": 6,
    "not_permitted": 4,
    "shutting_down": 7,
    "unreachable": 7,
    "redis_gone": 3,
    "redis_refuses": 3,
    "redis_error": 1,
    "bad_app": 1,
    "internal": 1,
    "timeout": 124,
    "deadlock": 6,
}


def from_wire(code: str, sentence: str, details: Any = None) -> RtdError:
    """Return the error that a peer sent, as the class of its code."""
    cls = BY_CODE.get(code, InternalError)
    return cls(sentence, details)
