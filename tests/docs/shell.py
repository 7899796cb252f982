"""One bash for a page: its commands share variables and the working directory."""

import os
import selectors
import signal
import subprocess
import time
import uuid
from pathlib import Path
from typing import NamedTuple


class Outcome(NamedTuple):
    """The output of a command (stdout and stderr as they came) and its exit code."""

    output: str
    code: int


class Shell:
    """A bash that takes one command after the other.

    Args:
        cwd: its working directory.
        env: all its variables.
    """

    def __init__(self, cwd: Path, env: dict[str, str]) -> None:
        self._end = f"end-of-command-{uuid.uuid4().hex}"
        self._last = 0
        self._bash = subprocess.Popen(
            ["bash", "--noprofile", "--norc"],
            cwd=cwd,
            env=env,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    def run(self, command: str, *, within_s: float = 60.0) -> Outcome:
        """Run a command, with the exit code of the one before in `$?`.

        Raises:
            AssertionError: it did not end in time.
        """
        assert self._bash.stdin is not None
        assert self._bash.stdout is not None
        text = f"(exit {self._last})\n{{ {command}\n}} </dev/null\necho {self._end} $?\n"
        self._bash.stdin.write(text.encode())
        self._bash.stdin.flush()
        output = self._read(command, within_s)
        printed, _, code = output.rpartition(self._end)
        self._last = int(code)
        return Outcome(printed, self._last)

    def _read(self, command: str, within_s: float) -> str:
        """Everything up to the line that says that the command has ended."""
        assert self._bash.stdout is not None
        ends = time.monotonic() + within_s
        output = b""
        with selectors.DefaultSelector() as selector:
            selector.register(self._bash.stdout, selectors.EVENT_READ)
            while not (self._end.encode() in output and output.endswith(b"\n")):
                left_s = ends - time.monotonic()
                in_time = left_s > 0 and selector.select(left_s)
                chunk = os.read(self._bash.stdout.fileno(), 65536) if in_time else b""
                assert chunk, f"`{command}` did not end within {within_s:g} s:\n{output.decode()}"
                output += chunk
        return output.decode(errors="replace")

    def close(self) -> None:
        """End the bash and what runs in its session's process group."""
        assert self._bash.stdin is not None
        assert self._bash.stdout is not None
        self._bash.stdin.close()
        try:
            self._bash.wait(5)
        except subprocess.TimeoutExpired:
            os.killpg(self._bash.pid, signal.SIGKILL)
            self._bash.wait()
        self._bash.stdout.close()
