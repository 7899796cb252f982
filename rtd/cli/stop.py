"""`rtd stop`: ask the daemon to end over its socket, by signal if that fails, and wait."""

import argparse
import select
import socket
import struct
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from rtd.cli.leftovers import count_leftovers, end_leftovers
from rtd.common.errors import InternalError, NotPermitted, RtdError, Unreachable, WaitTimeout
from rtd.common.format_units import format_count
from rtd.common.units import format_duration
from rtd.config.paths import DaemonPaths, find_paths
from rtd.process.events.signals import SIGCONT, SIGTERM
from rtd.process.tree.pidfd import signal_process
from rtd.process.tree.process_identity import same_process, start_ticks
from rtd.protocol import frames
from rtd.protocol.decoder import Decoder
from rtd.supervisor.lifecycle.lock_file import describe_owner, holder_with, is_starting

_ANSWER_S: Final = 5.0
_POLL_S: Final = 0.02
#: A longer wait is said.
_PATIENCE_S: Final = 3.0


def stop(options: argparse.Namespace) -> int:
    """End the daemon of these paths. Returns when it is gone."""
    paths = find_paths()
    pid = holder_with(paths)
    if not pid and (killed := end_leftovers(paths)):
        what = format_count(killed, "process", "processes")
        print(f"rtd: no daemon runs; killed {what} that one had left", file=sys.stderr)
        return 0
    if not pid:
        raise Unreachable(
            f"no daemon runs with {paths.runtime_dir}; to stop one with other directories set its"
            " RTD_RUNTIME_DIR"
        )
    ticks = start_ticks(pid)
    # Again: the process of which these are the ticks must be the holder, and not a later one.
    if ticks is not None and holder_with(paths) == pid:
        is_said = _request_shutdown(paths, pid, ticks, options)
        _wait(pid, ticks, options.wait, is_said)
    left = 0 if options.keep_running else count_leftovers(paths)
    if left and not holder_with(paths):
        count = format_count(left, "process", "processes")
        raise InternalError(
            f"the daemon died before its end, and left {count}; `rtd stop` once more ends them,"
            " `rtd start` adopts them"
        )
    return 0


def _request_shutdown(
    paths: DaemonPaths, pid: int, ticks: int, options: argparse.Namespace
) -> bool:
    """Ask the daemon to end. Returns whether a line says what it waits for."""
    # As the clients: an optional parameter only if it was given.
    params: dict[str, Any] = {} if options.grace is None else {"grace_s": options.grace}
    if options.keep_running:
        params["keep_running"] = True

    def wake() -> None:
        # No SIGTERM: the daemon may have read the request, and a second one ends all at once. It
        # answers SIGCONT with a look at its event loop, and continues if it was stopped.
        print(f"rtd: the daemon (pid {pid}) does not answer yet; waiting for it", file=sys.stderr)
        signal_process(pid, ticks, SIGCONT)

    try:
        answer = send_request(paths.socket, "shutdown", params, pid, wake, options.wait)
        return _say_runs(answer, options.keep_running)
    except TimeoutError:
        raise _late(pid, options.wait) from None
    except (PermissionError, NotPermitted):
        raise NotPermitted(describe_owner(paths.pid_file)) from None
    except (OSError, RtdError) as error:
        if is_starting(paths):
            print(f"rtd: the daemon (pid {pid}) is starting; sending SIGTERM", file=sys.stderr)
            signal_process(pid, ticks, SIGTERM)
            return False
        if options.keep_running:
            raise Unreachable(f"the daemon (pid {pid}) does not answer: {error}") from None
        print(f"rtd: its socket does not answer ({error}); sending SIGTERM", file=sys.stderr)
        signal_process(pid, ticks, SIGTERM)
        return False


def _say_runs(answer: dict[str, Any], keep_running: bool) -> bool:
    """Say for which runs the end waits. Returns whether there are such."""
    if keep_running or not answer["running"]:
        return False
    from rtctl.cli.print_answers import waiting_text  # lazy: mostly no run is going

    print(f"rtd: {waiting_text(answer)}", file=sys.stderr)
    return True


def _wait(pid: int, ticks: int, timeout_s: float, is_said: bool) -> None:
    """Wait until the process is gone: it releases its pid file a moment earlier.

    Args:
        is_said: a line says what it waits for.
    """
    began = time.monotonic()
    until = began + timeout_s
    while same_process(pid, ticks):
        if not is_said and time.monotonic() > began + _PATIENCE_S:
            is_said = True
            print(
                f"rtd: waiting for the daemon (pid {pid}) to end; its log says for what",
                file=sys.stderr,
            )
        if time.monotonic() > until:
            raise _late(pid, timeout_s)
        time.sleep(_POLL_S)


def _late(pid: int, timeout_s: float) -> WaitTimeout:
    return WaitTimeout(
        f"the daemon (pid {pid}) has not ended within {format_duration(timeout_s)};"
        " it is still shutting down"
    )


def send_request(
    path: Path,
    method: str,
    params: dict[str, Any],
    pid: int,
    on_silence: Callable[[], None],
    wait_s: float,
) -> Any:
    """Send one request to the daemon with this pid.

    Args:
        on_silence: called once if the request is sent and no answer has come after 5 s.
        wait_s: how long the answer may take after that.

    Raises TimeoutError if the request is sent and has no answer; other OSErrors, also if another
    process listens there; or the RtdError that the daemon answers.
    """
    with socket.socket(socket.AF_UNIX) as link:
        link.settimeout(_ANSWER_S)
        try:
            link.connect(str(path))
        except TimeoutError:
            raise ConnectionError("it takes no connections") from None
        found = struct.unpack("3i", link.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))[0]
        if found != pid:
            raise ConnectionError(f"process {found} listens there")
        link.sendall(
            frames.encode_request(1, "hello", {"version": frames.VERSION, "client": "rtd"})
        )
        link.sendall(frames.encode_request(2, method, params))
        if not select.select([link], [], [], _ANSWER_S)[0]:
            on_silence()
        link.settimeout(max(wait_s, _ANSWER_S))
        decoder = Decoder()
        while data := link.recv(65536):
            for message in decoder.feed(data):
                if isinstance(message, frames.Response):
                    if message.error is not None:
                        raise message.error
                    if message.msgid == 2:
                        return message.result
    raise ConnectionError("the connection was closed without an answer")
