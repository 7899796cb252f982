"""Keeps the output directory within its quota and retention; deletes the oldest files first."""

import asyncio
import contextlib
import os
import time
from pathlib import Path
from typing import Final

from rtd.common.units import format_bytes
from rtd.model.output_files import is_finished_output
from rtd.supervisor.core.context import SupervisorContext
from rtd.supervisor.core.log import log

#: How often the directory is checked; it grows by a segment of some megabytes at a time.
INTERVAL_S: Final = 60.0
#: A segment that a busy executor writes to is never older than this; an idle one begins another.
YOUNG_S: Final = 5.0


class OutputRetention:
    """Deletes finished output that is too old or too much. Run records then say that it is gone."""

    def __init__(self, context: SupervisorContext) -> None:
        self._context = context

    async def run(self) -> None:
        """Check now and every minute, until cancelled."""
        while True:
            self.enforce(time.time())
            await asyncio.sleep(INTERVAL_S)

    def enforce(self, now_at: float) -> int:
        """Delete output that is too old or too much. Returns how many bytes that was."""
        settings = self._context.config.output
        files = _finished(self._context.paths.output_dir)
        total = sum(size for _, size, _ in files)
        freed = 0
        for changed_at, size, path in files:
            too_old = changed_at < now_at - settings.retention_s
            too_much = total - freed > settings.quota_bytes
            if not too_old and (not too_much or changed_at > now_at - YOUNG_S):
                break
            with contextlib.suppress(OSError):
                path.unlink()
            freed += size
        if freed:
            log.info("deleted %s of old output", format_bytes(freed))
        return freed


def _finished(folder: Path) -> list[tuple[float, int, Path]]:
    """Return (changed at, bytes, path) of finished output, the oldest first."""
    found = []
    for entry in os.scandir(folder):
        path = Path(entry.path)
        if is_finished_output(path):
            with contextlib.suppress(OSError):
                stat = entry.stat()
                found.append((stat.st_mtime, stat.st_blocks * 512, path))
    return sorted(found)


def used_bytes(folder: Path) -> int:
    """Return the disk space that all files of the directory take."""
    total = 0
    with contextlib.suppress(OSError):
        for entry in os.scandir(folder):
            with contextlib.suppress(OSError):
                total += entry.stat().st_blocks * 512
    return total
