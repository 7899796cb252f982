"""Children, leftovers and whole trees as they are seen."""

import contextlib
import os
import subprocess
import sys
import threading
from collections.abc import Iterator

import pytest

from rtd.process.tree.children import _by_parent, children_of, has_children, own_children
from rtd.process.tree.process_identity import read_stat
from rtd.process.tree.process_tree import ProcessTree, read_tree
from tests.helpers.deadline import until
from tests.helpers.source import ROOT

FAMILY = "sleep 1000 & (sleep 1000 & wait) & echo ready; wait"


@contextlib.contextmanager
def started(*command: str) -> Iterator[subprocess.Popen[bytes]]:
    """A program in a session of its own that has said `ready`; its group ends with the block."""
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, cwd=ROOT, start_new_session=True
    ) as child:
        assert child.stdout is not None
        try:
            assert child.stdout.readline() == b"ready\n"
            yield child
        finally:
            os.killpg(child.pid, 9)


def test_children_of_all_threads_are_listed() -> None:
    before = own_children()  # what other tests of this process keep, a resource tracker
    found: list[subprocess.Popen[bytes]] = []
    thread = threading.Thread(target=lambda: found.append(subprocess.Popen(["sleep", "1000"])))
    thread.start()
    thread.join()
    try:
        assert sorted(own_children()) == sorted([*before, found[0].pid])
        assert sorted(_by_parent(os.getpid())) == sorted(own_children())
        assert has_children()
        found[0].kill()
        until(lambda: (stat := read_stat(found[0].pid)) is not None and not stat.alive)
        assert sorted(own_children()) == sorted([*before, found[0].pid]), "a zombie is a child, too"
        assert has_children()
    finally:
        found[0].kill()
        found[0].wait()
    assert sorted(own_children()) == sorted(before)
    assert has_children() == bool(before)


def test_a_process_that_is_gone_has_no_children() -> None:
    with subprocess.Popen(["true"]) as child:
        pass
    assert children_of(child.pid) == []
    assert _by_parent(child.pid) == []
    assert read_tree(child.pid) == ProcessTree([])


def test_a_tree_holds_every_descendant_and_no_zombie() -> None:
    with started("sh", "-c", f"true & {FAMILY}") as shell:
        wanted = ["sh", "sh", "sleep", "sleep"]
        until(lambda: sorted(m.name for m in read_tree(shell.pid).processes) == wanted)
        tree = read_tree(shell.pid)
        assert tree.pids[0] == shell.pid
        assert tree.processes[0].parent == os.getpid()
        assert {m.parent for m in tree.processes[1:]} <= set(tree.pids)
        assert tree.processes[-1].command == "sleep 1000"


def test_memory_of_a_tree_is_that_of_all_its_processes() -> None:
    hog = [sys.executable, "-m", "tests.programs.hog", "memory", "60000000"]
    with started("sh", "-c", f"{' '.join(hog)} & wait") as shell:
        tree, exact = read_tree(shell.pid), read_tree(shell.pid, exact=True)
        assert len(tree.processes) == len(exact.processes) == 2
        assert 60e6 < exact.memory_bytes < tree.memory_bytes < 150e6


def test_cpu_of_a_tree_counts_what_has_ended_in_it() -> None:
    burn = f"{sys.executable} -c 'import time\nwhile time.process_time() < 0.3: pass'"
    with started("sh", "-c", f"{burn}; echo ready; sleep 1000 & wait") as shell:
        assert 0.25 <= read_tree(shell.pid).cpu_s < 5  # the kernel counts in 10 ms
        assert read_tree(os.getpid()).cpu_s > 0


@pytest.mark.parametrize("stay", [True, False])
def test_leftovers_are_seen_by_a_subreaper_only_after_they_are_left(stay: bool) -> None:
    code = (
        "from rtd.process.fork.prctl import set_subreaper; import subprocess\n"
        "from rtd.process.tree.children import has_children\n"
        "set_subreaper()\n"
        f"subprocess.run(['sh', '-c', 'sleep {1000 if stay else 0} &'])\n"
        "print('ready', flush=True); input(); print(has_children(), flush=True)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        start_new_session=True,
    ) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"ready\n"
        (left,) = children_of(child.pid)  # a zombie if it has ended: it was not reaped
        assert os.getpgid(left) == child.pid
        assert child.stdin is not None
        child.stdin.write(b"\n")
        child.stdin.flush()
        assert child.stdout.readline() == b"True\n"
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, 9)
