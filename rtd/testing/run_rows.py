"""The rows of runs, as a daemon answers with them."""

from __future__ import annotations

from rtctl.generated.shapes import Progress, Row
from rtd.model.parameter_names import private_names
from rtd.rpc.core.run_rows import text_of, why_of
from rtd.testing.prepared_app import PreparedApp
from rtd.testing.run_queue import QueuedRun


def run_text(app: PreparedApp, run: QueuedRun) -> str:
    """Return the parameters of a run in short."""
    spec = run.record.spec
    return text_of(spec.task, spec.params, private_names(app.manifest.info.parameters, spec.task))


def row_of(app: PreparedApp, run: QueuedRun) -> Row:
    """Return the row of a run."""
    record, spec = run.record, run.record.spec
    last = record.attempts[-1] if record.attempts else None
    policies = app.find(spec.task).policies.overlay(spec.opts)
    row: Row = {
        "id": spec.id,
        "task": spec.task,
        "state": str(record.state),
        "queue": spec.queue,
        "lane": spec.lane.partition("@")[0],
        "priority": spec.priority,
        "text": run_text(app, run),
        "labels": spec.opts.get("labels") or [],
        "key": spec.key,
        "submitted_at": spec.submitted_at,
        "due_at": run.due_at,
        "started_at": last.started_at if last else None,
        "ended_at": record.end.ended_at if record.end else None,
        "attempt": len(record.attempts),
        "attempts": policies.retries + 1,
        "by": record.end.by if record.end else None,
        "why": why_of(record),
        "progress": _progress_of(run),
        "exit": last.exit if last else None,
        "cpu_s": 0.0,
        "peak_bytes": 0,
        "pid": None,
    }
    return row


def _progress_of(run: QueuedRun) -> Progress | None:
    if not run.reports.progress or run.is_over:
        return None
    done, total, text = run.reports.progress[-1]
    return {"done": done, "total": total, "text": text, "at": run.record.spec.submitted_at}
