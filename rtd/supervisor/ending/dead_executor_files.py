"""What a dead executor left in the output directory: live output, and finished outcomes."""

import contextlib
from pathlib import Path
from typing import Any

import msgpack

from rtd.model import outcome_spool
from rtd.store.commands.arguments import LeaseOutcome
from rtd.supervisor.core.log import log


class DeadExecutorFiles:
    """The files of one dead executor.

    Args:
        folder: the output directory.
        exec_id: the executor.
    """

    def __init__(self, folder: Path, exec_id: str) -> None:
        self._folder = folder
        self._exec_id = exec_id

    def read_outcomes(self) -> list[tuple[LeaseOutcome, list[Any]]]:
        """Runs that had finished before it died, with their events, as it would have written
        them. A torn last entry is left out: that run had not finished."""
        found = []
        for blob in outcome_spool.read_spool(self._path("spool")):
            try:
                *fields, event = msgpack.unpackb(blob, strict_map_key=False)
                found.append((LeaseOutcome(*fields), event))
            except (ValueError, TypeError, msgpack.UnpackException) as error:
                log.warning("an outcome of executor %s cannot be read: %s", self._exec_id, error)
        return found

    def claim_output(self, index: int, run_id: str, attempt: int) -> list[Any] | None:
        """Give the live output of slot number `index` to the run that wrote it.

        Returns:
            `[file, offset, length, index_length, lost_bytes]`, as records hold it; None when
            the run wrote nothing.
        """
        scratch = self._path(f"{index}.scratch", dash=True)
        marks = scratch.with_suffix(".index")
        name = f"{run_id}.{attempt}.out"
        try:
            length = scratch.stat().st_size
            if not length:
                return None
            marks_length = marks.stat().st_size if marks.exists() else 0
            scratch.rename(self._folder / name)
            if marks_length:
                marks.rename((self._folder / name).with_suffix(".idx"))
        except OSError as error:
            if not isinstance(error, FileNotFoundError):
                log.warning("the output of run %s is lost: %s", run_id, error)
            return None
        return [name, 0, length, marks_length, 0]

    def remove(self) -> None:
        """Delete what is left of it, once everything is settled."""
        for path in self._folder.glob(f"x-{self._exec_id}*"):
            with contextlib.suppress(OSError):
                path.unlink()

    def _path(self, suffix: str, dash: bool = False) -> Path:
        return self._folder / f"x-{self._exec_id}{'-' if dash else '.'}{suffix}"
