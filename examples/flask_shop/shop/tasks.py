"""The work of the shop outside of its requests: the import of a price list."""

import time
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any

from flask import current_app
from sqlalchemy import delete

from rtd import Error, progress
from rtd.flask import BackgroundTaskWorker
from shop.models import Article, Import, RejectedLine, db
from shop.price_list import BadPriceList, Row, count_rows, read_rows


class ImportEnd:
    """Middleware: removes the upload when its run is over, however that came, and says why."""

    def process_outcome(self, task: Any, *exc_info: Any) -> None:
        """Hear how an attempt ended; of a kill, a timeout and the loss of a process, too."""
        if task.name != import_price_list.name or task.will_retry:
            return
        upload = db.session.get(Import, task.kwargs["import_id"])
        if upload is None:
            return
        upload.path.unlink(missing_ok=True)
        if task.state != "succeeded":
            reason = exc_info[1]
            upload.failure = str(reason) if isinstance(reason, BadPriceList) else task.error
            upload.ended_at = datetime.now(UTC)
            db.session.commit()


task_worker = BackgroundTaskWorker(middleware=[ImportEnd])


# One at a time: two price lists would set the prices of one article by turns. If its process dies,
# the import begins again, which does no harm: it sets articles and adds none.
@task_worker.define_task(timeout="10m", max_concurrency=1, on_lost="requeue")
def import_price_list(import_id: str) -> None:
    """Store the articles of an upload, batch by batch, and then the result."""
    upload = db.session.get(Import, import_id)
    if upload is None:
        raise Error(f"there is no import {import_id}")
    if upload.articles is not None:
        return  # its process died when all was stored
    total = count_rows(upload.path)
    db.session.execute(delete(RejectedLine).where(RejectedLine.import_id == import_id))
    articles = value_cents = done = 0
    for batch in _batches(read_rows(upload.path), current_app.config["IMPORT_BATCH"]):
        for row in batch:
            _store(import_id, row)
            articles += row.reason is None
            value_cents += row.price_cents * row.stock
        db.session.commit()  # so that neither the web nor other tasks wait for the database
        done += len(batch)
        progress(done, total, "lines")
        time.sleep(current_app.config["IMPORT_PAUSE_S"])  # for people who want to watch it
    upload.articles, upload.value_cents = articles, value_cents
    upload.ended_at = datetime.now(UTC)
    db.session.commit()


@task_worker.define_cron_task(hour=3)
def remove_old_uploads() -> int:
    """Remove what was uploaded a day ago and not imported: an import cancelled before it began."""
    day_ago = time.time() - 86_400
    uploads = Path(current_app.config["UPLOAD_FOLDER"])
    old = [path for path in uploads.iterdir() if path.stat().st_mtime < day_ago]
    for path in old:
        path.unlink(missing_ok=True)
    return len(old)


def _store(import_id: str, row: Row) -> None:
    if row.reason is not None:
        db.session.add(RejectedLine(import_id=import_id, line=row.line, reason=row.reason))
        return
    article = Article(
        number=row.number, name=row.name, price_cents=row.price_cents, stock=row.stock
    )
    db.session.merge(article)  # adds it, or sets the one with this number


def _batches(rows: Iterable[Row], size: int) -> Iterator[list[Row]]:
    left = iter(rows)
    while batch := list(islice(left, size)):
        yield batch
