"""The files of a dead executor in the output directory: live output, and finished outcomes."""

import contextlib
from pathlib import Path
from typing import Any

import msgpack

from rtd.common.ids import is_id
from rtd.model import outcome_spool, output_files
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
        #: It may come from Redis, where others may have written: a pattern would name all files.
        self._is_named = is_id(exec_id)

    def read_outcomes(self) -> list[tuple[LeaseOutcome, list[Any]]]:
        """Return the outcomes of runs that finished before the executor died, with their events,
        as it would have written them. A torn last entry is left out: that run had not finished."""
        found: list[tuple[LeaseOutcome, list[Any]]] = []
        if not self._is_named:
            return found
        for blob in outcome_spool.read_spool(output_files.spool_path(self._folder, self._exec_id)):
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
        if not (self._is_named and is_id(run_id)):
            return None
        scratch = output_files.scratch_path(self._folder, self._exec_id, index)
        marks = output_files.scratch_index_path(scratch)
        name = output_files.own_file_name(run_id, attempt)
        try:
            length = scratch.stat().st_size
            if not length:
                return None
            marks_length = marks.stat().st_size if marks.exists() else 0
            scratch.rename(self._folder / name)
            if marks_length:
                marks.rename(output_files.own_file_index_path(self._folder / name))
        except OSError as error:
            if not isinstance(error, FileNotFoundError):
                log.warning("the output of run %s is lost: %s", run_id, error)
            return None
        return [name, 0, length, marks_length, 0]

    def remove(self) -> None:
        """Delete the files that are left, once everything is settled."""
        if not self._is_named:
            return
        for path in output_files.paths_of_executor(self._folder, self._exec_id):
            with contextlib.suppress(OSError):
                path.unlink()
