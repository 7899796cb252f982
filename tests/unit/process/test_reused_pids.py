"""A process that has got the pid of another one is never signalled in its place."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest

from rtd.process.fork.fork import send_to_child
from rtd.process.tree.children import is_child, own_children
from rtd.process.tree.file_writer import end_writer, find_writer
from rtd.process.tree.kill_tree import kill_tree
from rtd.process.tree.pidfd import signal_child
from rtd.process.tree.process_identity import ProcessStat, read_stat, same_process, start_ticks
from rtd.process.tree.tree_identity import belongs_to, boot_ticks, list_tree
from rtd.supervisor.core.context import SupervisorContext
from rtd.supervisor.core.executor_registry import ExecutorEntry
from rtd.supervisor.pools.orphans import end_orphans
from tests.helpers.other_user import needs_root
from tests.helpers.source import ROOT

#: Of the process with the pid 300: its executor ends, a handler of the app takes the status, and
#: another process (of another parent) gets the pid.
REUSE = """
import os, select, subprocess
from pathlib import Path
from rtd.process.fork.fork import send_to_child
from rtd.process.tree.children import own_children
from rtd.process.tree.kill_tree import kill_tree

last = Path("/proc/sys/kernel/ns_last_pid")
helper = subprocess.Popen(["sh", "-c", "read x; setsid sleep 1000 & echo $!; wait"],
                          stdin=subprocess.PIPE, stdout=subprocess.PIPE)
last.write_text("299")
executor = subprocess.Popen(["true"])
assert executor.pid == 300, executor.pid
executor.wait()
last.write_text("299")
helper.stdin.write(b"x\\n")
helper.stdin.flush()
assert helper.stdout.readline() == b"300\\n"
stranger = os.pidfd_open(300)
report = kill_tree(executor.pid, own_children())
send_to_child(executor.pid)
assert (report.ended, report.root_status, report.alive) == ([], None, [])
assert select.select([stranger], [], [], 0.2)[0] == [], "it was signalled"
"""


@pytest.fixture
def child() -> Iterator[subprocess.Popen[bytes]]:
    with subprocess.Popen(["sleep", "1000"], start_new_session=True) as child:
        yield child
        child.kill()


@pytest.fixture
def stranger() -> Iterator[ProcessStat]:
    """A process of another parent, that leads a group."""
    script = "setsid sleep 1000 & echo $!; wait"
    with subprocess.Popen(["sh", "-c", script], stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        stat = read_stat(int(parent.stdout.readline()))
        assert stat is not None
        yield stat
        os.kill(stat.pid, signal.SIGKILL)


def lives(process: ProcessStat) -> bool:
    return same_process(process.pid, process.ticks)


def test_only_a_child_is_killed_as_the_root_of_a_tree(stranger: ProcessStat) -> None:
    report = kill_tree(stranger.pid, own_children())
    assert (report.ended, report.root_status, report.alive) == ([], None, [])
    assert not is_child(stranger.pid)
    assert not signal_child(stranger.pid, signal.SIGKILL)
    send_to_child(stranger.pid, signal.SIGKILL)
    assert lives(stranger)


@needs_root
def test_a_pid_that_was_really_reused_is_left_alone() -> None:
    """In a PID namespace, where root may choose the next pid."""
    words = ["unshare", "--pid", "--fork", "--mount-proc", sys.executable, "-c", REUSE]
    if subprocess.run([*words[:4], "true"], capture_output=True, check=False).returncode != 0:
        pytest.skip("no PID namespaces")
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 0, done.stderr


def orphan(pid: int, ticks: int) -> ExecutorEntry:
    return ExecutorEntry(
        id="E", lane="process", pid=pid, ticks=ticks, slot=0, slots=0, generation=1, born_ns=0
    )


def test_the_next_zygote_is_not_killed_with_the_pid_of_a_dead_executor(
    child: subprocess.Popen[bytes], stranger: ProcessStat
) -> None:
    """Nor a process of another parent."""
    ticks = start_ticks(child.pid) or 0
    dead = [orphan(child.pid, ticks - 1), orphan(stranger.pid, stranger.ticks - 1)]
    ends = end_orphans(cast(SupervisorContext, cast(Any, None)), dead)
    assert [end.killed for end in ends] == [[], []]
    assert child.poll() is None
    assert lives(stranger)
    (end,) = end_orphans(cast(SupervisorContext, cast(Any, None)), [orphan(child.pid, ticks)])
    assert end.signal == signal.SIGKILL
    child.returncode = -signal.SIGKILL


def test_a_tree_is_that_of_exactly_its_root() -> None:
    script = "sh -c 'sleep 1000 & echo $!; wait' & wait"
    with subprocess.Popen(["sh", "-c", script], stdout=subprocess.PIPE) as root:
        assert root.stdout is not None
        last = int(root.stdout.readline())
        ticks = start_ticks(root.pid) or 0
        tree = list_tree(root.pid, ticks)
        assert [tree[0].pid, len(tree), tree[-1].pid] == [root.pid, 3, last]
        assert list_tree(root.pid, ticks + 1) == []
        for one in reversed(tree):
            os.kill(one.pid, signal.SIGKILL)


def test_what_starts_after_the_list_elsewhere_is_not_of_the_tree(stranger: ProcessStat) -> None:
    assert belongs_to(stranger, {stranger.parent}, 0)
    assert belongs_to(stranger, set(), stranger.ticks + 1), "it fell to another parent"
    assert not belongs_to(stranger, {1}, stranger.ticks)
    assert 0 <= boot_ticks() - stranger.ticks < 60 * os.sysconf("SC_CLK_TCK")


def test_only_the_writer_that_was_found_is_ended(tmp_path: Path) -> None:
    with (
        (tmp_path / "log").open("wb") as log,
        subprocess.Popen(["sleep", "1000"], cwd=tmp_path, stdout=log) as child,
    ):
        found = find_writer(tmp_path, "log")
        assert found is not None
        assert found.pid == child.pid
        assert end_writer(found._replace(ticks=found.ticks - 1), 5)
        assert child.poll() is None
        child.kill()
