"""Turns the stop of a run into its outcome."""

from typing import Any, Final

from rtd.executor.core.attempt_outcome import AttemptOutcome
from rtd.model.internal_tasks import is_internal
from rtd.model.run_states import STATE_CHAR, RunState

_TERMINATED: Final = STATE_CHAR[RunState.TERMINATED]


def record_stop(outcome: AttemptOutcome, intent: dict[str, Any] | None) -> None:
    """Record that a stop ended the run. `intent` says who asked for it and why."""
    outcome.state = _TERMINATED
    if not is_internal(outcome.leased_run.task):  # one of rtd's own says how far it has come
        outcome.result = None
    intent = intent or {"by": "unknown", "why": "it was asked to stop; the reason is not known"}
    outcome.by = intent["by"]
    outcome.why = intent["why"]
    then = intent.get("then")
    is_of_this = intent.get("attempt") == outcome.leased_run.attempt_number
    outcome.retry_stop = then == "retry" and is_of_this
    outcome.error = None
    if then == "reload" and is_of_this:
        outcome.requeue = "h"
        outcome.add_note(outcome.why)
        if intent["params"] is not None:
            outcome.leased_run.replace_params(intent["params"])
    elif then == "requeue" or (then in ("retry", "reload") and not is_of_this):
        # A stop that came too late for the attempt before must not end the run.
        outcome.requeue = "a"
