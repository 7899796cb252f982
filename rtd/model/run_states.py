"""The states of a run. Depends on nothing; the sets are named so that nobody lists them twice."""

from enum import StrEnum
from typing import Final


class State(StrEnum):
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
        State.SUCCEEDED,
        State.ERROR,
        State.EXCEPTION,
        State.TERMINATED,
        State.LOST,
        State.CANCELLED,
    }
)
#: What conditions call failed.
FAILED: Final = frozenset({State.ERROR, State.EXCEPTION, State.LOST})
#: What conditions call finished: success, failure or termination.
FINISHED: Final = FAILED | {State.SUCCEEDED, State.TERMINATED}

#: The first byte of a stored record, so that a Lua script knows the state undecoded.
CHAR: Final = {
    State.QUEUED: "q",
    State.RUNNING: "r",
    State.SUCCEEDED: "s",
    State.ERROR: "e",
    State.EXCEPTION: "x",
    State.TERMINATED: "t",
    State.LOST: "l",
    State.CANCELLED: "c",
}
BY_CHAR: Final = {char: state for state, char in CHAR.items()}

#: What may follow what. An attempt that is tried again goes from running to queued.
NEXT: Final = {
    State.QUEUED: frozenset({State.RUNNING, State.CANCELLED, State.LOST}),
    State.RUNNING: frozenset({State.QUEUED, *TERMINAL}),
    **{state: frozenset[State]() for state in TERMINAL},
}


class IllegalTransition(ValueError):
    """A change of state that the table does not have."""


def step(old: State, new: State) -> State:
    """`new`, when it may follow `old`.

    Raises:
        IllegalTransition: a terminal state never changes; the rest is in `NEXT`.
    """
    if new not in NEXT[old]:
        raise IllegalTransition(f"a run cannot go from {old} to {new}")
    return new
