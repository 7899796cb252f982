"""Becoming a daemon: away from the terminal and from the starting process (PEP 3143)."""

from collections.abc import Collection
from pathlib import Path

from daemon import DaemonContext

__all__ = ["daemonize"]


def daemonize(log_file: Path, keep_fds: Collection[int] = (), umask: int = 0o027) -> None:
    """Go on in a new session, without a terminal, and with init as the parent.

    The calling process exits with 0. Call this before anything else is open or running: it
    closes all descriptors but those in `keep_fds`. Later faults appear only in the log, so a
    starter that must know of them waits for a message on one of `keep_fds`.

    Args:
        log_file: gets stdout and stderr from now on; made if need be.
        umask: of all files that the daemon makes.

    Raises:
        OSError: the log cannot be opened; nothing has happened then.
    """
    log = log_file.open("ab", buffering=0)
    context = DaemonContext(
        detach_process=True,
        working_directory=str(Path.cwd()),  # the app is found from there
        umask=umask,
        stdout=log,
        stderr=log,
        files_preserve=[*keep_fds],
        signal_map={},  # the daemon's loop answers signals
        prevent_core=False,
    )
    context.open()
    log.close()
