"""The states of a run, and the sets of them that have names. Depends on nothing."""

from enum import StrEnum
from typing import Final


class RunState(StrEnum):
    """The state of a run. It ends in exactly one of the terminal ones, for ever."""

    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    ERROR = "error"
    EXCEPTION = "exception"
    TERMINATED = "terminated"
    LOST = "lost"
    CANCELLED = "cancelled"


TERMINAL: Final = frozenset(
    {
        RunState.SUCCEEDED,
        RunState.ERROR,
        RunState.EXCEPTION,
        RunState.TERMINATED,
        RunState.LOST,
        RunState.CANCELLED,
    }
)
#: The states that conditions call failed.
FAILED: Final = frozenset({RunState.ERROR, RunState.EXCEPTION, RunState.LOST})
#: The states that conditions call finished: success, failure or termination.
FINISHED: Final = FAILED | {RunState.SUCCEEDED, RunState.TERMINATED}

#: The states of a run that is over without success.
UNSUCCESSFUL: Final = FAILED | {RunState.TERMINATED}
#: Words for several states, beside the states themselves.
STATE_SETS: Final = {"failed": FAILED, "unsuccessful": UNSUCCESSFUL, "ended": TERMINAL}

#: The first byte of a stored record, so that a Lua script knows the state undecoded.
STATE_CHAR: Final = {
    RunState.QUEUED: "q",
    RunState.RUNNING: "r",
    RunState.SUCCEEDED: "s",
    RunState.ERROR: "e",
    RunState.EXCEPTION: "x",
    RunState.TERMINATED: "t",
    RunState.LOST: "l",
    RunState.CANCELLED: "c",
}
STATE_BY_CHAR: Final = {char: state for state, char in STATE_CHAR.items()}

#: The states that may follow a state. A run that is retried goes from running to queued.
NEXT_STATES: Final = {
    RunState.QUEUED: frozenset({RunState.RUNNING, RunState.CANCELLED, RunState.LOST}),
    RunState.RUNNING: frozenset({RunState.QUEUED, *TERMINAL}),
    **{state: frozenset[RunState]() for state in TERMINAL},
}


class IllegalTransition(ValueError):
    """A change of state that is not in `NEXT_STATES`."""


def check_transition(old: RunState, new: RunState) -> RunState:
    """Return `new` if it may follow `old`.

    Raises:
        IllegalTransition: it may not; see `NEXT_STATES`. A terminal state never changes.
    """
    if new not in NEXT_STATES[old]:
        raise IllegalTransition(f"a run cannot go from {old} to {new}")
    return new
