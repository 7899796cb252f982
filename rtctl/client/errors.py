"""The errors of clients, and the sentence about a daemon that cannot be reached."""

from __future__ import annotations

import errno
import os

from rtd.common.errors import (
    NotPermitted,
    RtdError,
    Unreachable,
    from_wire,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from rtctl.generated.answers import ResultResult
    from rtctl.generated.shapes import Outcome


class DaemonUnreachable(Unreachable):
    """No daemon answers on the control socket; the sentence says what was tried."""


class RunFailed(RtdError):
    """The run ended without a result.

    Attributes:
        state: error, exception, terminated, lost or cancelled.
        error: `[type, message, traceback]` of what the task raised, if it did.
    """

    code = "run_failed"

    def __init__(self, run_id: str, answer: ResultResult) -> None:
        self.state = answer["state"]
        self.error = answer["error"]
        why = answer["why"] or (": ".join(self.error[:2]) if self.error else "no reason known")
        super().__init__(f"run {run_id} {state_phrase(self.state)}: {why}", answer)


def single_outcome(outcomes: list[Outcome]) -> Outcome:
    """Return the outcome of a verb on one run. Raises its error."""
    outcome = outcomes[0]
    if outcome["error"] is not None:
        code, sentence = outcome["error"][:2]
        raise from_wire(code, sentence)
    return outcome


def state_phrase(state: str) -> str:
    """Return the state as the predicate of a sentence about a run."""
    phrases = {
        "succeeded": "succeeded",
        "error": "failed with an error",
        "exception": "failed with an exception",
        "terminated": "was terminated",
        "lost": "was lost",
        "cancelled": "was cancelled",
    }
    return phrases.get(state, f"is {state}")


def unreachable_error(path: str, error: OSError) -> RtdError:
    """Return the error for a failed connect: what was tried, what is there, what to do."""
    from rtctl.core.daemon_commands import (
        how_to_find,
        how_to_start,
        stop_command,
    )  # lazy: only a failure needs them

    path = os.path.abspath(path)  # a relative RTD_RUNTIME_DIR: show where it leads
    if error.errno in (errno.EACCES, errno.EPERM):
        return NotPermitted(_denied(path))
    if error.errno == errno.EAGAIN or isinstance(error, TimeoutError):
        return DaemonUnreachable(
            f"rtd cannot be reached: it has {path} open but does not take connections; it is "
            "stopped or overloaded, and its log may say why"
        )
    holder = _holder_beside(path)
    if holder is not None and holder[2]:
        return DaemonUnreachable(
            f"rtd cannot be reached: it is starting (pid {holder[0]}, for {_age_s(path):.0f} s);"
            f" its log says how far it is, `{stop_command(path)}` ends it"
        )
    if error.errno == errno.ENOENT:
        parent = os.path.dirname(path) or "."
        if holder is not None:
            return DaemonUnreachable(
                f"rtd cannot be reached: it runs (pid {holder[0]}), but its socket {path} was"
                " removed; it makes another within seconds: try again"
            )
        there = "" if os.path.isdir(parent) else f", nor is its directory {parent}"
        return DaemonUnreachable(
            f"rtd cannot be reached: there is no socket {path}{there}; {how_to_start(path)};"
            f" {how_to_find(path)}"
        )
    if (kind := _other_kind(path)) is not None:
        return DaemonUnreachable(
            f"rtd cannot be reached: {path} is {kind}, no socket; name that of rtd with"
            " `rtctl -s`, or RTD_SOCKET"
        )
    if error.errno in (errno.ECONNREFUSED, errno.ECONNRESET, errno.EPIPE):
        return DaemonUnreachable(
            f"rtd cannot be reached: {path} is there ({_owner(path)}), but no process listens on "
            f"it; {how_to_start(path)}"
        )
    reason = error.strerror or str(error)
    return DaemonUnreachable(f"rtd cannot be reached at {path}: {reason}; {how_to_start(path)}")


def _other_kind(path: str) -> str | None:
    """Return what is at a path where no socket is; None: a socket, or nothing that can be seen."""
    import stat  # lazy: only a failure needs it

    try:
        mode = os.stat(path).st_mode
    except OSError:
        return None
    if stat.S_ISSOCK(mode):
        return None
    return "a directory" if stat.S_ISDIR(mode) else "another kind of file"


def _age_s(path: str) -> float:
    """Return how long ago the daemon of a socket began to start, in seconds."""
    import time  # lazy: only a failure needs it

    try:
        return max(0.0, time.time() - os.stat(_pid_file(path)).st_mtime)
    except OSError:
        return 0.0  # it has just ended


def _pid_file(path: str) -> str:
    return os.path.join(os.path.dirname(path), "rtd.pid")


def _holder_beside(path: str) -> tuple[int, str, bool] | None:
    """Return the daemon that has locked the directory of a socket, as `read_holder`; None: none
    has, or it belongs to another user."""
    from rtd.config.lock_holder import read_holder  # lazy: only a failure needs it

    try:
        return read_holder(_pid_file(path))
    except OSError:
        return None


def _owner(path: str) -> str:
    try:
        status = os.stat(path)
    except OSError as error:
        return error.strerror or str(error)
    return f"{_user(status.st_uid)}:{_group(status.st_gid)} mode {status.st_mode & 0o7777:04o}"


def _denied(path: str) -> str:
    here = f"uid {os.getuid()} ({_user(os.getuid())})"
    try:
        group = _group(os.stat(path).st_gid)
    except OSError:
        return (
            f"{here} may not look into {os.path.dirname(path)}; rtd's socket {path} is for its "
            "owner and group: ask for membership, or set RTD_SOCKET"
        )
    return (
        f"{here} may not use rtd's socket {path} ({_owner(path)}): be a member of group "
        f"{group!r}, or ask its owner"
    )


def _user(uid: int) -> str:
    import pwd  # lazy: only a failure needs the names

    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def _group(gid: int) -> str:
    import grp  # lazy: as above

    try:
        return grp.getgrgid(gid).gr_name
    except KeyError:
        return str(gid)
