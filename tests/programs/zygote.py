"""A real zygote whose executors have habits instead of runs: `options["habit"]`."""

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from rtd.executor.run_zygote import run_zygote
from rtd.process.board.board import Slot
from rtd.process.tree.children import has_children
from rtd.process.tree.kill_tree import kill_children
from rtd.session.app import load_app
from rtd.session.session import Session
from tests.programs.daemoniser import leave_daemon
from tests.programs.forker import clan, family

RUN = (7, 4711)


def tell(name: str, *words: object) -> None:
    """Add a line to a file of the zygote's directory."""
    with Path(name).open("a") as file:
        file.write(" ".join(map(str, words)) + "\n")


def wait_for_words(slots: list[Slot], options: dict[str, Any]) -> int:
    """Run RUN on the first slot until asked to stop it, then be idle until retired."""
    asked = []
    signal.signal(signal.SIGTERM, lambda *_: asked.append(1))
    slots[0].begin(*RUN, time.monotonic_ns())
    tell("words", "running")
    while slots[0].stop_word != RUN[1]:
        signal.sigtimedwait([], 0.01)
    slots[0].end()
    tell("words", "stopped")
    while not slots[0].retiring:
        signal.sigtimedwait([], 0.01)
    return 0


def sweep(slots: list[Slot], options: dict[str, Any]) -> int:
    """Leave children of all kinds behind, sweep, and say what was found."""
    tell("sweep", "before", has_children())
    for _ in range(3):
        leave_daemon()
    subprocess.Popen(["sleep", "1000"])
    subprocess.Popen(["sh", "-c", "trap '' TERM; sleep 1000 & sleep 1000"])
    subprocess.Popen(["true"])
    if os.fork() == 0:
        family(lambda: None)
    time.sleep(options.get("settle_s", 0.1))
    ended = kill_children()
    tell("sweep", "after", has_children(), len(ended))
    signal.pause()
    return 0


def exit_with(slots: list[Slot], options: dict[str, Any]) -> int:
    """End at once."""
    return int(options["code"])


def run_and_exit(slots: list[Slot], options: dict[str, Any]) -> int:
    """One run that takes no time."""
    slots[0].begin(*RUN, time.monotonic_ns())
    slots[0].end()
    return 0


def fail(slots: list[Slot], options: dict[str, Any]) -> int:
    """A fault of rtd's own."""
    raise ValueError("a fault of the executor")


def segfault(slots: list[Slot], options: dict[str, Any]) -> int:
    """A fault of a C extension."""
    os.kill(os.getpid(), signal.SIGSEGV)
    return 0


def die_in_a_run(slots: list[Slot], options: dict[str, Any]) -> int:
    """Wait for a kill, with a run on each slot and a daemon of theirs."""
    for slot in slots:
        slot.begin(RUN[0], RUN[1] + slot.index, time.monotonic_ns(), attempt=2)
    leave_daemon()
    os.kill(os.getpid(), signal.SIGKILL)
    return 0


def burn(slots: list[Slot], options: dict[str, Any]) -> int:
    """Use the processor for some seconds."""
    ends = time.process_time() + options["cpu_s"]
    while time.process_time() < ends:
        pass
    return 0


def describe(slots: list[Slot], options: dict[str, Any]) -> int:
    """Say what this executor is and holds."""
    targets = []
    for fd in os.listdir("/proc/self/fd"):
        with suppress(FileNotFoundError):  # that of the listing itself
            targets.append(os.readlink(f"/proc/self/fd/{fd}"))
    tell("describe", os.getpid() == os.getsid(0), os.getppid(), *targets)
    return idle(slots, options)


def leave_one(slots: list[Slot], options: dict[str, Any]) -> int:
    """Have a daemon below."""
    leave_daemon()
    tell("ready", options.get("exec_id", "?"))
    return idle(slots, options)


def breed(slots: list[Slot], options: dict[str, Any]) -> int:
    """A fork bomb, bounded, that takes all processors for a while."""
    clan(lambda: tell("ready", options["exec_id"]))
    return 0


def idle(slots: list[Slot], options: dict[str, Any]) -> int:
    """Wait for signals for ever."""
    while True:
        signal.pause()


HABITS = {
    "breed": breed,
    "burn": burn,
    "daemon": leave_one,
    "describe": describe,
    "die in a run": die_in_a_run,
    "exit": exit_with,
    "idle": idle,
    "raise": fail,
    "run and exit": run_and_exit,
    "segfault": segfault,
    "sweep": sweep,
    "words": wait_for_words,
}


def run(
    lane: str, exec_id: str, slots: list[Slot], session: Session | None, options: dict[str, Any]
) -> int:
    """Be an executor with a habit, in place of `rtd.executor.executor.run_executor`."""
    return HABITS[options["habit"]](slots, {**options, "exec_id": exec_id})


if __name__ == "__main__":
    sys.exit(run_zygote(sys.argv[1:], run, load_app.load))
