"""Ends a whole process tree, with proof: root first, then all that falls to this process.

Needs a subreaper that calls it. When the root (an executor, itself a subreaper) is dead, all
that it held becomes our children, at the same instant for the kernel: a zombie has none left.
So a child of ours that is not spared is a target; it is killed with its process group (a group
is signalled atomically against fork, pid by pid loses that race), reaped at once, and its own
children come to us in turn. A tree is gone when several passes in a row meet no process. Any
pid counts, a zombie too: of a chain of forks that each exit, only zombies are ever seen.

Stopping the tree first does not converge for such chains, and signalling pid by pid never
ends against a fork bomb; this way did in every trial, in 5 to 85 ms.
"""

from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from rtd.common.stdlib.originals import os, signal, time
from rtd.process.tree.children import is_child, own_children
from rtd.process.tree.exit_status import ExitStatus, reap
from rtd.process.tree.pidfd import signal_child
from rtd.process.tree.process_identity import read_stat
from rtd.process.tree.program_name import read_program_names

__all__ = ["EndedProcess", "KillReport", "kill_children", "kill_tree"]

#: Passes in a row that must meet no process.
QUIET_PASSES: Final = 5
#: How long to go on against processes that do not die, such as those in disk sleep.
LIMIT_S: Final = 10.0
_PAUSE_S: Final = 0.0002
_LONGEST_PAUSE_S: Final = 0.005


class EndedProcess(NamedTuple):
    """A process of a tree that was killed, and how it ended.

    `name` is the program (see `program_name`). `how` is `SIGKILL` or another signal, `exit N` when
    it ended by itself before, or `still alive` or `not permitted` for one that could not be ended.
    """

    pid: int
    name: str
    how: str


@dataclass(frozen=True, slots=True)
class KillReport:
    """The result of killing a tree.

    Attributes:
        ended: every process met, the root included, in the order of their end.
        root_status: the status of the root; None without a root or while it is alive.
        alive: those of `ended` that are still there. Empty is the proof of a kill.
    """

    ended: list[EndedProcess] = field(default_factory=list)
    root_status: ExitStatus | None = None
    alive: list[int] = field(default_factory=list)


def kill_tree(root_pid: int | None, spare: Collection[int], limit_s: float = LIMIT_S) -> KillReport:
    """Kill `root_pid`, a child of this process, then every child that is not spared.

    Args:
        root_pid: an executor; None when it has been reaped and only its strays are wanted.
        spare: children to leave alone: the other executors, helpers of the app. They are
            not reaped either.
        limit_s: seconds after which it gives up on processes that do not die.

    Guarantees, when `alive` of the report is empty, that nothing is left of the root's tree, no
    matter what it forked, daemonised or ignored. Not safe while another thread waits for
    children of this process.
    """
    kill = _TreeKill(frozenset(spare) - {root_pid}, root_pid)
    with _realtime_priority():
        if root_pid is not None:
            _kill_group_and_pid(root_pid)
        return kill.run(limit_s)


def kill_children(spare: Collection[int] = (), limit_s: float = LIMIT_S) -> list[EndedProcess]:
    """Kill everything that a run has left behind, in an executor that lives on.

    The executor must be a subreaper with one run at a time. Kills its own process group, in
    which it is itself, pid by pid; all other groups as groups. Takes the statuses of all
    children but those in `spare`.
    """
    with _realtime_priority():
        return _TreeKill(frozenset(spare), None).run(limit_s).ended


class _TreeKill:
    """One kill in progress."""

    def __init__(self, spare: frozenset[int], root_pid: int | None) -> None:
        self._spare = spare
        self._root_pid = root_pid
        self._root: ExitStatus | None = None
        # An executor leads the group that has its pid.
        self._our_groups = {os.getpgrp(), *spare}
        # Read first: the command line of a killed process is empty.
        first = (
            [pid for pid in own_children() if pid not in spare] if root_pid is None else [root_pid]
        )
        self._programs = read_program_names(first)
        self._names: dict[int, str] = {}
        self._refused: set[int] = set()
        self._ended: list[EndedProcess] = []

    def run(self, limit_s: float) -> KillReport:
        deadline = time.monotonic() + limit_s
        quiet, pause_s = 0, _PAUSE_S
        while quiet < QUIET_PASSES:
            before = len(self._names), len(self._ended)
            if not self._one_pass():
                quiet += 1
                continue
            quiet = 0
            if time.monotonic() > deadline:
                break
            if before != (len(self._names), len(self._ended)):
                pause_s = _PAUSE_S
            else:  # all are dying: give them the processor
                time.sleep(pause_s)
                pause_s = min(pause_s * 2, _LONGEST_PAUSE_S)
        return KillReport([*self._ended, *self._left()], self._root, sorted(self._names))

    def _one_pass(self) -> bool:
        """Kill every child that is not spared. Returns whether there was one."""
        killed_one = False
        for pid in own_children():
            if pid not in self._spare and pid not in self._refused:
                killed_one = True
                self._kill(pid)
        return killed_one

    def _kill(self, pid: int) -> None:
        if pid not in self._names:
            stat = read_stat(pid)
            self._names[pid] = self._programs.get(pid) or ("?" if stat is None else stat.name)
            is_ours = stat is not None and stat.parent == os.getpid()  # else its pid is reused
            if stat is not None and is_ours and stat.group not in self._our_groups:
                with suppress(ProcessLookupError, PermissionError):
                    os.killpg(stat.group, signal.SIGKILL)
        try:
            signal_child(pid, signal.SIGKILL)  # False, reaped by other code: seen below
        except PermissionError:
            self._refused.add(pid)
        try:
            status = reap(pid)
        except ChildProcessError:  # reaped by other code, such as a handler of the app
            self._names.pop(pid)
            return
        if status is not None:
            self._refused.discard(pid)
            self._ended.append(EndedProcess(pid, self._names.pop(pid), str(status)))
            if pid == self._root_pid:
                self._root = status

    def _left(self) -> list[EndedProcess]:
        return [
            EndedProcess(pid, name, "not permitted" if pid in self._refused else "still alive")
            for pid, name in self._names.items()
        ]


def _kill_group_and_pid(root_pid: int) -> None:
    """Send SIGKILL to the root, and to its group when it leads one.

    Nothing is sent to a root that other code has reaped: another process may have its pid.
    """
    if not is_child(root_pid):
        return
    with suppress(ProcessLookupError, PermissionError):  # the passes that follow tell
        if os.getpgid(root_pid) == root_pid:
            os.killpg(root_pid, signal.SIGKILL)
        signal_child(root_pid, signal.SIGKILL)


@contextmanager
def _realtime_priority() -> Iterator[None]:
    """Run the body before every ordinary process, where the kernel allows it.

    Real-time scheduling at its lowest priority (sched(7)). A fork bomb in many sessions gets a
    fair share for each of them, and the process that kills it needs more than one such share:
    a kill that took 0.7 s beside one takes 0.13 s so. Without the right to it (not root, no
    CAP_SYS_NICE) the body runs as usual. It must be short or sleep: it displaces the others.
    """
    policy, parameter = os.sched_getscheduler(0), os.sched_getparam(0)
    try:
        os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(1))
    except OSError:
        yield
        return
    try:
        yield
    finally:
        os.sched_setscheduler(0, policy, parameter)
