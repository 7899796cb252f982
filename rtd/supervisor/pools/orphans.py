"""Executors without a parent: their zygote has died, so nobody can steer or reap them.

They are ended, and their runs settled like those of any dead executor. As a subreaper this
process inherits those of a zygote that it started itself, and can prove their end; for those
of an earlier supervisor's zygote it can only signal what it sees.
"""

from collections.abc import Iterable

from rtd.process.events.signals import SIGKILL
from rtd.process.tree.children import own_children
from rtd.process.tree.kill_tree import hunt
from rtd.process.tree.pidfd import signal_process
from rtd.process.tree.process_identity import same_process, start_ticks
from rtd.process.tree.process_tree import snapshot
from rtd.supervisor.core.context import Core
from rtd.supervisor.core.executor_registry import Executor, Gone, Unfinished
from rtd.supervisor.pools.generation_records import Zygote


def end_orphans(core: Core, executors: Iterable[Executor]) -> list[Gone]:
    """End executors whose zygote is dead; gives how each ended and what it was doing."""
    orphans = list(executors)
    pids = {executor.pid for executor in orphans}
    spare = set(own_children()) - pids
    return [_end(core, executor, spare) for executor in orphans]


def _end(core: Core, executor: Executor, spare: set[int]) -> Gone:
    code = signal = None
    killed: list[list[object]] = []
    if executor.pid in own_children():
        hunted = hunt(executor.pid, spare)
        killed = [list(ended) for ended in hunted.ended]
        if hunted.root is not None:
            code, signal = hunted.root.code, hunted.root.signal
    elif same_process(executor.pid, executor.ticks):
        killed = _kill_what_is_seen(executor.pid)
        signal = int(SIGKILL)
    runs = _free_slots(core, executor)
    return Gone(
        exec_id=executor.id, lane=executor.lane, pid=executor.pid, code=code, signal=signal,
        killed=killed, runs=runs, slot=executor.slot,
    )  # fmt: skip


def _kill_what_is_seen(root_pid: int) -> list[list[object]]:
    killed: list[list[object]] = []
    for member in snapshot(root_pid).members:
        ticks = start_ticks(member.pid)
        if ticks is not None and signal_process(member.pid, ticks, SIGKILL):
            killed.append([member.pid, member.name, "SIGKILL"])
    return killed


def _free_slots(core: Core, executor: Executor) -> tuple[Unfinished, ...]:
    """What the board says was going on; its zygote cannot free the slots any more."""
    runs = []
    for slot in range(executor.slot, executor.slot + executor.slots):
        seen = core.board.look(slot)
        if seen is None or seen.exec_id != executor.id:
            continue
        if seen.running:
            runs.append(Unfinished(slot, seen.run_id, seen.started_ns))
        core.board.take_back(slot)
    return tuple(runs)


def unknown_on_board(core: Core, living: Iterable[Zygote]) -> list[Executor]:
    """Executors that the board names and no living zygote has below it."""
    found: dict[str, Executor] = {}
    ranges = [range(zygote.lo, zygote.hi) for zygote in living]
    for seen in core.board.owned():
        if any(seen.slot in slots for slots in ranges):
            continue  # its zygote speaks for it
        executor = found.get(seen.exec_id)
        if executor is None:
            found[seen.exec_id] = Executor(
                id=seen.exec_id, lane=seen.lane, pid=seen.pid, ticks=seen.ticks,
                slot=seen.slot, slots=1, generation=0, born_ns=0,
            )  # fmt: skip
        else:
            executor.slots = seen.slot - executor.slot + 1
    return list(found.values())
