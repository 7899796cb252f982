"""Makes the record of a run, with the checks of a submit."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from rtd.common.errors import TooLarge
from rtd.common.units import format_bytes
from rtd.model.run_record import Attempt, RunRecord, RunSpec
from rtd.model.run_states import RunState
from rtd.protocol import frames
from rtd.supervisor.runs.submit_options import check_expiry, check_submitted, read_options
from rtd.testing.prepared_app import PreparedApp


def new_run(
    app: PreparedApp,
    task: str,
    run_id: str,
    params: Mapping[str, Any],
    options: Mapping[str, Any],
    key: str | None = None,
) -> tuple[RunRecord, float | None]:
    """Return a queued run, and when it is due if that is later.

    Raises:
        UnknownTask, ParameterError, PolicyError, TooLarge, BadRequest, UnserialisableError: as a
            submit to a daemon does.
    """
    info = app.find(task)
    opts, due_at, texts = read_options(info, options)
    check_submitted(info, params)
    blob, limit = frames.dump_value(dict(params), "params"), app.config.limits.params_bytes
    if len(blob) > limit:
        raise TooLarge(
            f"the parameters have {format_bytes(len(blob))}, the limit is {format_bytes(limit)};"
            " pass large data by file, or raise limits.params"
        )
    policies, now_at = info.policies.overlay(opts), time.time()
    check_expiry(info.name, due_at, policies.expires_s, now_at)
    spec = RunSpec(
        id=run_id, task=info.name, params=blob, lane=info.pool, queue=policies.queue,
        priority=policies.priority, submitted_at=now_at, opts={**opts, **texts}, by="rtd.testing",
        key=key,
    )  # fmt: skip
    return RunRecord(RunState.QUEUED, spec, (), None), due_at


def after_failures(record: RunRecord, failures: int) -> RunRecord:
    """Return a run that has failed so often before."""
    at = record.spec.submitted_at
    error = ["Exception", "an earlier attempt", ""]
    attempts = (
        Attempt(number, at, at, RunState.EXCEPTION, "testing", error)
        for number in range(1, failures + 1)
    )
    return record._replace(attempts=tuple(attempts))
