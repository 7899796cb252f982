"""A small zygote: kills one bomb after the other while bystanders live on.

    tree_killer.py MARK REPETITIONS BREED [--setsid] [--delay SECONDS]

Prints one line of JSON: for each repetition what was left of the bomb, how many bystanders
are gone, how the root ended, and the milliseconds that the kill took.
"""

import json
import os
import signal
import sys
import time
from pathlib import Path

from rtd.process.fork.fork import fork_child, set_up_executor
from rtd.process.fork.prctl import set_subreaper
from rtd.process.tree.kill_tree import kill_tree
from tests.programs.daemoniser import leave_daemon
from tests.programs.forker import BREEDS


def start_bystander() -> int:
    """An executor with a daemonised child, which must both be left alone. Its pid."""
    reader, writer = os.pipe()

    def bystander() -> int:
        set_up_executor("bystander")
        leave_daemon()
        os.write(writer, b"r")
        while True:
            signal.pause()

    pid = fork_child(bystander)
    assert os.read(reader, 1) == b"r"
    os.close(reader)
    os.close(writer)
    return pid


def marked(mark: bytes) -> set[int]:
    """All living processes of this test: they have its mark on their first command line."""
    found = set()
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                dead = (entry / "stat").read_text().rpartition(")")[2].split()[0] in "ZX"
                if not dead and mark in (entry / "environ").read_bytes():
                    found.add(int(entry.name))
            except OSError:
                continue
    return found


def one_kill(breed: str, options: dict[str, object], spare: set[int]) -> tuple[str, float, int]:
    reader, writer = os.pipe()

    def victim() -> int:
        set_up_executor("victim")
        BREEDS[breed](lambda: os.write(writer, b"r") and None, **options)  # type: ignore[arg-type]
        return 0

    pid = fork_child(victim)
    os.close(writer)
    assert os.read(reader, 1) == b"r"
    os.close(reader)
    started_s = time.perf_counter()
    killed = kill_tree(pid, spare)
    took_ms = (time.perf_counter() - started_s) * 1000
    assert not killed.alive, killed
    return str(killed.root_status), took_ms, len(killed.ended)


def main() -> None:
    mark, repetitions, breed = sys.argv[1].encode(), int(sys.argv[2]), sys.argv[3]
    options: dict[str, object] = {"setsid": "--setsid" in sys.argv}
    if "--delay" in sys.argv:
        options["delay_s"] = float(sys.argv[sys.argv.index("--delay") + 1])
    set_subreaper()
    executors = {start_bystander() for _ in range(3)}
    ours = marked(mark)
    assert len(ours) == 7, ours  # this process, the bystanders, a daemon of each
    results = []
    for _ in range(repetitions):
        root, took_ms, count = one_kill(breed, options, executors)
        there = marked(mark)
        results.append(
            {
                "left": len(there - ours),
                "bystanders_gone": len(ours - there),
                "root": root,
                "ms": took_ms,
                "ended": count,
            }
        )
    print(json.dumps(results))
    kill_tree(None, ())


if __name__ == "__main__":
    main()
