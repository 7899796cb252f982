"""The states of a run. Depends on nothing; the sets are named so that nobody lists them twice."""

from enum import StrEnum
from typing import Final


class RunState(StrEnum):
    """Where a run is. Exactly one of the terminal ones in the end, and then for ever."""

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
#: What conditions call failed.
FAILED: Final = frozenset({RunState.ERROR, RunState.EXCEPTION, RunState.LOST})
#: What conditions call finished: success, failure or termination.
FINISHED: Final = FAILED | {RunState.SUCCEEDED, RunState.TERMINATED}

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

#: What may follow what. An attempt that is tried again goes from running to queued.
NEXT_STATES: Final = {
    RunState.QUEUED: frozenset({RunState.RUNNING, RunState.CANCELLED, RunState.LOST}),
    RunState.RUNNING: frozenset({RunState.QUEUED, *TERMINAL}),
    **{state: frozenset[RunState]() for state in TERMINAL},
}


class IllegalTransition(ValueError):
    """A change of state that the table does not have."""


def check_transition(old: RunState, new: RunState) -> RunState:
    """`new`, when it may follow `old`.

    Raises:
        IllegalTransition: a terminal state never changes; the rest is in `NEXT`.
    """
    if new not in NEXT_STATES[old]:
        raise IllegalTransition(f"a run cannot go from {old} to {new}")
    return new
