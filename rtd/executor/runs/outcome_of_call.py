"""Turns the result or the error of a task's code into an outcome."""

from typing import Any, Final

import msgpack

from rtd.common.errors import UnserialisableError
from rtd.common.exception_name import all_names, type_name
from rtd.common.msgpack_values import pack, unpack
from rtd.common.units import format_bytes
from rtd.executor.core.attempt_outcome import AttemptOutcome
from rtd.executor.core.leased_run import LeasedRun
from rtd.model.internal_tasks import is_internal
from rtd.model.run_states import STATE_CHAR, RunState
from rtd.session.app.internal_tasks import INTERNAL_TASKS
from rtd.session.core.app_errors import Error, Skip
from rtd.session.core.app_frames import format_error
from rtd.session.core.task_definition import TaskDefinition
from rtd.session.parameters.resolve import ParameterFailed

_ERROR: Final = STATE_CHAR[RunState.ERROR]
_EXCEPTION: Final = STATE_CHAR[RunState.EXCEPTION]
_CANCELLED: Final = STATE_CHAR[RunState.CANCELLED]
#: An empty map, the parameters of most runs.
_EMPTY: Final[bytes] = msgpack.packb({})
_TRACEBACK_CHARS: Final = 16_384
_MESSAGE_CHARS: Final = 4_096


class ResultRefused(Exception):
    """The result of a run cannot be kept.

    Attributes:
        cause: why it cannot be stored; None: it is too large.
    """

    def __init__(self, sentence: str, cause: UnserialisableError | None = None) -> None:
        super().__init__(sentence)
        self.cause = cause


def resolve_parameters(work: LeasedRun) -> dict[str, Any]:
    """Return the run's parameters: those of its submit, and those that the task adds.

    Called where the task's code runs, since it may call functions of the app.

    Raises:
        ParameterFailed: a parameter could not be found.
    """
    found: dict[str, Any] = {} if work.params == _EMPTY else unpack(work.params)
    return found if work.resolver is None else work.resolver.resolve(found, work.fetched)


def find_definition(work: LeasedRun) -> TaskDefinition:
    """Return the task's code. Raises LookupError when this app does not have it."""
    if work.definition is not None:
        return work.definition
    if is_internal(work.task) and (inner := INTERNAL_TASKS.find(work.task)) is not None:
        return inner
    raise LookupError(
        f"the app has no task {work.task!r} any more; submit it again under its new name"
    )


def record_success(outcome: AttemptOutcome, result: Any, limit_bytes: int) -> None:
    """Record that the task returned.

    A result that cannot be kept makes the run an exception: its work is done, but its caller would
    wait for a result that is not there.

    Raises:
        ResultRefused: it cannot be kept.
    """
    if result is None:
        return
    try:
        blob = pack(result, "the result")
    except UnserialisableError as error:
        raise ResultRefused(str(error), error) from None
    if len(blob) > limit_bytes:
        raise ResultRefused(
            f"the result has {format_bytes(len(blob))}, the limit is {format_bytes(limit_bytes)}; "
            "write it to a file and return its path, or raise limits.result"
        )
    outcome.result = blob


def record_failure(outcome: AttemptOutcome, error: BaseException, *, is_stop: bool = False) -> None:
    """Record that the task raised: `error` for its own `Error`, `cancelled` for `Skip`, `exception`
    for anything else.

    Args:
        is_stop: a stop was requested, which decides how the run ends. Its exception has no
            traceback then: to make one takes a millisecond, and thousands may be stopped at once.
    """
    if isinstance(error, ParameterFailed):
        _record_parameter_failure(outcome, error)
    elif isinstance(error, ResultRefused):
        _record_refused_result(outcome, error)
    elif isinstance(error, Skip):
        _record_skip(outcome, error)
    else:
        _record_error(outcome, error, has_traceback=not is_stop or isinstance(error, Exception))


def _record_error(
    outcome: AttemptOutcome, error: BaseException, *, has_traceback: bool = True
) -> None:
    outcome.state = _ERROR if isinstance(error, Error) else _EXCEPTION
    kind = type(error)
    message = _message_of(error)
    traceback = _storable(_format(error, message)) if has_traceback else ""
    outcome.error = [type_name(kind), message, traceback]
    outcome.error_names = tuple(name for base in kind.__mro__ for name in all_names(base))
    first = message.partition("\n")[0]
    outcome.why = f"{kind.__name__}: {first}" if first else kind.__name__


def _message_of(error: BaseException) -> str:
    try:
        return _storable(str(error)[:_MESSAGE_CHARS])
    except BaseException as broken:  # it is the task's code, which may raise anything
        return f"(its __str__ raised {type(broken).__name__})"


def _record_refused_result(outcome: AttemptOutcome, error: ResultRefused) -> None:
    if error.cause is not None:
        _record_error(outcome, error.cause)
    else:
        outcome.state = _EXCEPTION
        outcome.error = ["ResultTooLarge", str(error), ""]
        outcome.error_names = ("ResultTooLarge",)
    outcome.why = str(error)


def _record_skip(outcome: AttemptOutcome, error: Skip) -> None:
    outcome.state = _CANCELLED
    outcome.why = _message_of(error).partition("\n")[0] or "it had nothing to do"
    outcome.error = None


def _record_parameter_failure(outcome: AttemptOutcome, error: ParameterFailed) -> None:
    """Record an exception, also for an `Error`: the task's own code was never reached."""
    record_failure(outcome, error.error)
    if isinstance(error.error, Skip):
        return
    outcome.state = _EXCEPTION
    outcome.why = f"parameter {error.name!r}: {outcome.why}"


def note_stop_failure(outcome: AttemptOutcome, error: BaseException) -> None:
    """Note in the record what the task's own `stop` has raised."""
    outcome.add_note(f"its stop() raised {type(error).__name__}: {_message_of(error)}")


def _storable(text: str) -> str:
    """Return the text with escapes for characters that UTF-8 lacks: names of files have some."""
    return text.encode(errors="backslashreplace").decode()


def _format(error: BaseException, message: str) -> str:
    """Return the traceback without rtd's frames, limited in length."""
    try:
        text = format_error(error)
    except BaseException:  # as above: a chained error's own text may raise
        return message
    if len(text) > _TRACEBACK_CHARS:
        half = _TRACEBACK_CHARS // 2
        text = f"{text[:half]}\n... shortened ...\n{text[-half:]}"
    return text
