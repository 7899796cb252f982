"""A tour of rtd on real files: `make demo`, or `python examples/demo.py DIRECTORY`.

It starts its own daemon in temporary directories, shows the commands that a user would type, checks
their results, stops the daemon, and checks that no process is left behind.
"""

import argparse
import contextlib
import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
import sysconfig
import tempfile
import time
import uuid
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
BIN = Path(sys.executable).parent
#: At its end the demo recognises every process that came from it by this variable.
MARK = "DEMO_OF_RTD_MARK"


class Demo:
    """A daemon in its own directories, and a terminal that shows the commands."""

    def __init__(self) -> None:
        self.home = Path(tempfile.mkdtemp(prefix="rtd-demo-"))
        self.mark = uuid.uuid4().hex
        settings = {name: value for name, value in os.environ.items() if name[:4] != "RTD_"}
        self.env = settings | {
            MARK: self.mark,
            "RTD_RUNTIME_DIR": str(self.home / "run"),
            "RTD_STATE_DIR": str(self.home / "state"),
            "PATH": f"{BIN}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
        }
        self.began_s = time.monotonic()

    def heading(self, text: str) -> None:
        """Print a line that says what comes next."""
        print(f"\n== {text}", flush=True)

    def type(self, command: str, *, codes: tuple[int, ...] = (0,)) -> None:
        """Show a command, run it with its output on this terminal, check its exit code."""
        print(f"$ {command}", flush=True)
        done = subprocess.run(
            shlex.split(command),
            env=self.env,
            stdin=subprocess.DEVNULL,
            stderr=subprocess.STDOUT,
            timeout=100,
            check=False,
        )
        expect(done.returncode in codes, f"`{command}` ended with {done.returncode}")

    def ask(self, command: str) -> Any:
        """Run a command without showing it; return its JSON answer."""
        done = subprocess.run(
            shlex.split(command),
            env=self.env,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=100,
            check=False,
        )
        expect(done.returncode == 0, f"`{command}` ended with {done.returncode}: {done.stderr}")
        return json.loads(done.stdout)

    def processes(self) -> dict[int, str]:
        """Return all living processes that came from this demo: their command lines by pid."""
        found = {}
        for entry in Path("/proc").glob("[0-9]*"):
            try:
                marked = f"{MARK}={self.mark}".encode() in (entry / "environ").read_bytes()
                title = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode()
            except OSError:
                continue
            if (marked or str(self.home) in title) and int(entry.name) != os.getpid():
                found[int(entry.name)] = title
        return found

    def close(self) -> None:
        """In any case, end the processes that are still alive and remove the directories."""
        for pid in self.processes():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        shutil.rmtree(self.home, ignore_errors=True)


class Unexpected(Exception):
    """A result differs from what the demo says."""


def expect(truth: bool, otherwise: str) -> None:
    """Continue if the check is true; raise Unexpected with a sentence if not."""
    if not truth:
        raise Unexpected(otherwise)


def duplicates(demo: Demo, directory: Path) -> None:
    """Do real work: hash every file of a tree, each in its own run."""
    demo.heading(f"Every file below {directory} is hashed in a run of its own")
    demo.type(f"rtctl submit find_duplicates root={shlex.quote(str(directory))} --key tree")
    demo.type("rtctl submit --key uptime -- uptime")
    demo.heading("Runs report how far they are")
    watch(demo)
    demo.heading("Its output, followed to its end")
    demo.type("rtctl logs -f tree")
    demo.heading("What it returned")
    demo.type("rtctl result tree")
    demo.heading("A shell command is a run like any other")
    demo.type("rtctl logs uptime")


def watch(demo: Demo) -> None:
    """Show the progress of the long run twice, as soon as there is some."""
    ask = "rtctl show tree -j"
    demo.type("rtctl ls -n 5")
    for share in (0.0, 0.2):
        while (row := demo.ask(ask)["row"])["state"] in ("queued", "running"):
            progress = row["progress"]
            if progress and progress["done"] > share * progress["total"]:
                demo.type("rtctl ls --task find_duplicates")
                break
            time.sleep(0.1)


def retries(demo: Demo) -> None:
    """Run a task that fails twice and succeeds on its third attempt."""
    demo.heading("A task that fails twice and succeeds on its third attempt")
    demo.type("rtctl submit shaky --key shaky --wait")
    attempts = demo.ask("rtctl show shaky -j")["attempts"]
    expect([a["state"] for a in attempts] == ["exception", "exception", "succeeded"], f"{attempts}")
    demo.type("rtctl show shaky")


def hanging(demo: Demo) -> None:
    """Run tasks that do not end by themselves: one reaches its timeout, one is killed."""
    demo.heading("A task that hangs, with daemonised children, meets its timeout of two seconds")
    demo.type("rtctl submit hang --key hang1 --wait", codes=(1, 143, 137))
    demo.type("rtctl show hang1")
    shown = demo.ask("rtctl show hang1 -j")
    expect(shown["row"]["state"] == "terminated", f"hang1 is {shown['row']['state']}")
    expect(len(shown["pids"]) >= 3, f"three processes were to be ended: {shown['pids']}")
    demo.heading("Another one is killed by hand; the answer is each process and how it ended")
    demo.type("rtctl submit hang --key hang2 --timeout 1h")
    while not demo.ask("rtctl show hang2 -j")["tree"][2:]:
        time.sleep(0.05)
    demo.type("rtctl kill hang2 --grace 0.5s --reason 'end of the demo'")


def tour(demo: Demo, directory: Path) -> None:
    """Run the demo from start to stop."""
    app = HERE / "duplicates" / "app.py"
    demo.heading("A daemon with its own Redis")
    demo.type(f"rtd start {app}")
    try:
        demo.type("rtctl tasks")
        duplicates(demo, directory)
        retries(demo)
        hanging(demo)
        demo.heading("All of it at a glance")
        demo.type("rtctl ls -n 8")
        demo.type("rtctl queue ls")
    finally:
        demo.heading("Stop")
        demo.type("rtd stop")


def main() -> int:
    """Run the demo. Return 0 if all results are as expected and no process is left behind."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "directory",
        nargs="?",
        type=Path,
        default=Path(sysconfig.get_paths()["stdlib"]),
        help="the tree whose files are hashed (default: the Python standard library)",
    )
    directory: Path = parser.parse_args().directory.resolve()
    demo = Demo()
    try:
        tour(demo, directory)
        left = demo.processes()
        expect(not left, f"left behind: {left}")
    except (Unexpected, subprocess.TimeoutExpired) as error:
        print(f"\ndemo: {error}", file=sys.stderr)
        log = demo.home / "state" / "rtd.log"
        if log.exists():
            print(f"demo: the daemon's log:\n{log.read_text()}", file=sys.stderr)
        return 1
    finally:
        demo.close()
    seconds = time.monotonic() - demo.began_s
    print(f"\nNothing is left behind: no process, no file. {seconds:.0f} s in all.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
