"""One process of a command of the operating system: fork and exec, its output line by line with
time."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from rtd.common.errors import RtdError
from rtd.common.stdlib.originals import originals_in_place, os, select, subprocess
from rtd.common.text_of import text_of
from rtd.common.units import parse_umask
from rtd.config.run_environment import command_variables
from rtd.executor.aspects.leftovers import kill_leftovers
from rtd.executor.commands.command_output import OutputSample
from rtd.executor.core.attempt_outcome import AttemptOutcome
from rtd.executor.core.leased_run import LeasedRun
from rtd.executor.output.scratch_file import ScratchFile
from rtd.executor.runs.stop_gate import StopGate
from rtd.model.output_index import ERR, OUT
from rtd.model.run_states import STATE_CHAR, RunState
from rtd.process.fork.run_as_user import find_account
from rtd.process.tree.exit_status import reap
from rtd.process.tree.pidfd import open_pidfd
from rtd.process.tree.terminate import CRASH_SIGNALS, signal_name, terminate_descendants

_CHUNK: Final = 65_536
#: Exit codes of shells for a command that is not there, and for one that must not be run.
_NOT_FOUND: Final = 127
_NOT_RUNNABLE: Final = 126
#: Signals that people and other programs end a process with; others are its own fault.
_SENT_SIGNALS: Final = frozenset({"SIGKILL", "SIGTERM", "SIGINT", "SIGHUP", "SIGQUIT"})


class CommandProcess:
    """Runs commands, one at a time.

    Args:
        scratch: where the output goes.

    Attributes:
        sample: what is kept of the output beside the log; None: nothing.
    """

    def __init__(self, scratch: ScratchFile) -> None:
        self._scratch = scratch
        self.sample: OutputSample | None = None

    def run(
        self, params: dict[str, Any], work: LeasedRun, outcome: AttemptOutcome, gate: StopGate
    ) -> None:
        """Run a command; its exit code or signal becomes the outcome. Raises Stopped."""
        gate.enter_task()
        if gate.stop_requested:
            return
        child = self._start(params, work, outcome)
        if child is None:
            return
        if gate.is_stop_requested():  # the stop came while it started
            terminate_descendants()
        self._follow(child, outcome, gate)

    def _start(
        self, params: dict[str, Any], work: LeasedRun, outcome: AttemptOutcome
    ) -> "subprocess.Popen[bytes] | None":
        argv = [text_of(part) for part in params["argv"]]
        try:
            environment, account = _environment(params, work)
            stdin = params.get("stdin")
            with originals_in_place():
                child = subprocess.Popen(
                    argv,
                    cwd=params.get("cwd"),
                    env=environment,
                    stdin=subprocess.DEVNULL if stdin is None else _file_of(stdin),
                    stdout=subprocess.PIPE,
                    stderr=subprocess.PIPE,
                    start_new_session=True,
                    umask=-1 if params.get("umask") is None else parse_umask(params["umask"]),
                    **account,
                )
        except RtdError as error:
            _record_refusal(outcome, error.sentence, _NOT_RUNNABLE)
        except (OSError, ValueError, subprocess.SubprocessError) as error:
            _record_refusal(outcome, *_explain_refusal(argv, params.get("cwd"), error))
        else:
            return child
        return None

    def _follow(
        self, child: "subprocess.Popen[bytes]", outcome: AttemptOutcome, gate: StopGate
    ) -> None:
        assert child.stdout is not None  # for mypy: both are pipes
        assert child.stderr is not None
        streams = {child.stdout.fileno(): OUT, child.stderr.fileno(): ERR}
        pidfd = open_pidfd(child.pid)
        poller = select.poll()
        for fd in (*streams, *([] if pidfd is None else [pidfd])):
            poller.register(fd, select.POLLIN)
        over = pidfd is None
        while not over:
            for fd, _ in poller.poll():
                if fd == pidfd:
                    over = True
                elif not self._read(fd, streams[fd]):
                    poller.unregister(fd)
        if pidfd is not None:
            os.close(pidfd)
        ended = reap(child.pid)
        child.returncode = 0  # reaped here, for its rusage: Popen must not look for it
        kill_leftovers(outcome)  # they hold the pipes open
        for fd, stream in streams.items():
            while self._read(fd, stream):
                pass
        child.stdout.close()
        child.stderr.close()
        if ended is not None:
            _record_exit(outcome, ended.code, ended.signal, gate.is_stop_requested())
            outcome.cpu_s, outcome.peak_bytes = ended.cpu_s, ended.max_rss_bytes

    def _read(self, fd: int, stream: int) -> bool:
        """Pass on the output that has come. Returns False at its end."""
        data = os.read(fd, _CHUNK)
        if data:
            self._scratch.write(data, stream)
            if self.sample is not None:
                self.sample.add(data, stream)
        return bool(data)


def _environment(params: dict[str, Any], work: LeasedRun) -> tuple[dict[str, str], dict[str, Any]]:
    account: dict[str, Any] = {}
    given: Mapping[str, str] = os.environ
    if params.get("user"):  # who may read nothing of the daemon's
        found = find_account(str(params["user"]))
        given = found.environment(os.environ)
        account = dict(found.popen_options)
    # Python keeps the output of a program for a pipe back until it ends.
    environment = {"PYTHONUNBUFFERED": "1", **given}
    environment.update({text_of(k): text_of(v) for k, v in (params.get("env") or {}).items()})
    return environment | command_variables(work.id, work.attempt_number, work.opts), account


def _file_of(data: str | bytes) -> int:
    """Return a file with the standard input: a pipe would have to be fed."""
    fd = os.memfd_create("rtd-stdin")
    blob = data.encode(errors="surrogateescape") if isinstance(data, str) else data
    written = 0
    while written < len(blob):
        written += os.write(fd, blob[written:])
    os.lseek(fd, 0, os.SEEK_SET)
    return fd


def _explain_refusal(argv: list[str], cwd: Any, error: Exception) -> tuple[str, int]:
    command = argv[0] if argv else ""
    if cwd is not None and not Path(cwd).is_dir():
        return f"the working directory {cwd} is not there", _NOT_RUNNABLE
    if isinstance(error, FileNotFoundError):
        shell = "; for a line of a shell: sh -c '...'" if " " in command else ""
        return f"command not found: {command}{shell}", _NOT_FOUND
    text = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
    return f"{command} cannot be run: {text}", _NOT_RUNNABLE


def _record_refusal(outcome: AttemptOutcome, why: str, code: int) -> None:
    outcome.state = STATE_CHAR[RunState.ERROR]
    outcome.why = why
    outcome.error = ["CommandError", why, ""]
    outcome.exit = [code, None]
    outcome.error_names = (f"exit {code}",)


def _record_exit(
    outcome: AttemptOutcome, code: int | None, signal: int | None, is_stopped: bool
) -> None:
    outcome.exit = [code, signal]
    if code == 0:
        return
    if signal is not None:
        name = signal_name(signal)
        outcome.state = STATE_CHAR[RunState.EXCEPTION]
        outcome.why = f"ended by {name}"
        if not is_stopped:
            outcome.by = "kernel" if name in CRASH_SIGNALS else name
            if name in _SENT_SIGNALS:
                outcome.why = f"killed by {name} from outside rtd"
        outcome.error = [name, outcome.why, ""]
        outcome.error_names = (name,)
    else:
        outcome.state = STATE_CHAR[RunState.ERROR]
        outcome.why = f"exit {code}"
        outcome.error = ["Exit", outcome.why, ""]
        outcome.error_names = (outcome.why,)
