"""Exit codes: of rtctl, of a run that ended, and of verbs that work on several runs."""

from __future__ import annotations

from rtd.common.errors import EXIT_CODE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from rtctl.generated.shapes import Outcome, Row

FAILED, NOT_MET, PARTLY_FAILED = 1, 3, 8
#: What each code means; errors get theirs from `rtd.common.errors.EXIT_CODE`.
MEANINGS = {
    0: "ok",
    FAILED: "failed",
    2: "usage",
    NOT_MET: "asked-for state not met, or Redis does not answer",
    4: "not permitted",
    5: "no such target",
    6: "conflict",
    7: "daemon unreachable",
    PARTLY_FAILED: "partly failed",
    124: "timed out",
    130: "interrupted",
}
#: The code of a run by its state, as `run`, `wait` and `submit --wait` return it.
RUN_MEANINGS = {
    "succeeded": "0",
    "error": "1, or the command's exit code, or 128 + the signal that ended it",
    "exception": "1",
    "terminated": "128 + the signal that ended it; 143 (SIGTERM) where it ended by itself",
    "lost": "75 (EX_TEMPFAIL: to try again may help)",
    "cancelled": "125 (it never ran)",
}
_BY_STATE = {"succeeded": 0, "error": 1, "exception": 1, "lost": 75, "cancelled": 125}
_TERMINATED = 143


def exit_code_of(row: Row) -> int:
    """Return the exit code of a run that has ended."""
    state = row["state"]
    code, signal = row["exit"] or (None, None)
    if state == "terminated":
        return 128 + signal if signal else _TERMINATED
    if state in ("error", "exception"):
        return 128 + signal if signal else code or FAILED
    return _BY_STATE.get(state, NOT_MET)


def exit_code_of_all(rows: Sequence[Row]) -> int:
    """Return a single run's own code; for several 0 if all succeeded, 8 if some did, else 1."""
    if len(rows) == 1:
        return exit_code_of(rows[0])
    good = sum(row["state"] == "succeeded" for row in rows)
    return 0 if good == len(rows) else PARTLY_FAILED if good else FAILED


def exit_code_of_outcomes(outcomes: Sequence[Outcome]) -> int:
    """Return 0 if all targets succeeded, 8 if some did, else the code of the first error."""
    errors = [outcome["error"] for outcome in outcomes if outcome["error"] is not None]
    if not errors:
        return 0
    return PARTLY_FAILED if len(errors) < len(outcomes) else EXIT_CODE.get(errors[0][0], FAILED)
