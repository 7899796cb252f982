"""How far an import is: of its run while it goes on, of the database when it is over."""

from typing import Any

from rtctl import NoSuchRun, Run
from shop.models import Import, db
from shop.tasks import task_worker


def import_status(upload: Import) -> dict[str, Any]:
    """Return the state of an import, as pages and JSON show it."""
    about = {"id": upload.id, "file": upload.file_name}
    return about | (_stored(upload) or _live(upload))


def run_of(upload: Import) -> Run | None:
    """Return the run of an import; None if rtd has it no more."""
    try:
        return task_worker.client().get(upload.id)
    except NoSuchRun:
        return None


def _stored(upload: Import) -> dict[str, Any] | None:
    """Return how an import ended, as the task or its middleware has stored it."""
    if upload.failure is not None:
        return _failed(upload.failure)
    if upload.articles is None:
        return None
    result = {
        "articles": upload.articles,
        "value": f"{upload.value_cents / 100:.2f}",
        "rejected": [{"line": line.line, "reason": line.reason} for line in upload.rejected],
    }
    return {"state": "succeeded", "ended": True, "error": None, "progress": None, "result": result}


def _live(upload: Import) -> dict[str, Any]:
    """Return how far the run is."""
    run = run_of(upload)
    if run is None:
        return _failed("nothing is known of this import any more")
    now = run.to_dict()
    if now["ended"]:
        db.session.rollback()  # a new transaction sees what was stored since the page read the row
        # Middleware hears of a kill a moment after the run has ended.
        return _stored(upload) or _failed(now["error"])
    return {key: now[key] for key in ("state", "ended", "error", "progress", "result")}


def _failed(why: str) -> dict[str, Any]:
    return {"state": "failed", "ended": True, "error": why, "progress": None, "result": None}
