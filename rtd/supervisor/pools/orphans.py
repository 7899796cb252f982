"""Ends executors whose zygote has died: no process can command or reap them.

Their runs are settled like those of any dead executor. As a subreaper the supervisor inherits the
executors of a zygote that it has started itself, and can prove their end. Executors of an earlier
supervisor's zygote it can only find and signal.
"""

from collections.abc import Iterable

from rtd.process.events.signals import SIGKILL
from rtd.process.tree.children import own_children
from rtd.process.tree.kill_tree import kill_tree
from rtd.process.tree.pidfd import signal_process
from rtd.process.tree.process_identity import same_process, start_ticks
from rtd.process.tree.program_name import read_program_names
from rtd.process.tree.tree_identity import list_tree
from rtd.supervisor.core.context import SupervisorContext
from rtd.supervisor.core.executor_registry import ExecutorEntry, ExecutorExit, UnfinishedRun
from rtd.supervisor.pools.zygote_registry import ZygoteRecord


def end_orphans(
    context: SupervisorContext, executors: Iterable[ExecutorEntry], zygote: int = 0
) -> list[ExecutorExit]:
    """End executors whose zygote is dead; return how each ended, and its unfinished runs.

    Args:
        zygote: its pid; 0: it was that of an earlier supervisor.
    """
    orphans = list(executors)
    pids = {executor.pid for executor in orphans if _is_child(executor)}
    spare = set(own_children()) - pids
    return [_end(context, executor, spare, zygote) for executor in orphans]


def _end(
    context: SupervisorContext, executor: ExecutorEntry, spare: set[int], zygote: int
) -> ExecutorExit:
    code = signal = None
    killed: list[list[object]] = []
    if _is_child(executor):
        hunted = kill_tree(executor.pid, spare)
        killed = [list(ended) for ended in hunted.ended]
        if hunted.root_status is not None:
            code, signal = hunted.root_status.code, hunted.root_status.signal
    elif same_process(executor.pid, executor.ticks):
        killed = _kill_visible_tree(executor)
        signal = int(SIGKILL)
    runs = _free_slots(context, executor)
    return ExecutorExit(
        exec_id=executor.id, lane=executor.lane, pid=executor.pid, code=code, signal=signal,
        killed=killed, runs=runs, slot=executor.slot, dead_zygote=zygote,
    )  # fmt: skip


def _is_child(executor: ExecutorEntry) -> bool:
    """Whether it is a child of this process: another child may have got its pid, such as the next
    zygote."""
    return executor.pid in own_children() and start_ticks(executor.pid) == executor.ticks


def _kill_visible_tree(root: ExecutorEntry) -> list[list[object]]:
    names = read_program_names([root.pid])
    return [
        [member.pid, names.get(member.pid, member.name), "SIGKILL"]
        for member in list_tree(root.pid, root.ticks)
        if signal_process(member.pid, member.ticks, SIGKILL)
    ]


def _free_slots(context: SupervisorContext, executor: ExecutorEntry) -> tuple[UnfinishedRun, ...]:
    """Free the slots of an executor, as its zygote cannot; return its unfinished runs."""
    runs = []
    for slot in range(executor.slot, executor.slot + executor.slots):
        seen = context.board.read_slot(slot)
        if seen is None or seen.exec_id != executor.id:
            continue
        if seen.running:
            runs.append(UnfinishedRun(slot, seen.run_id, seen.started_ns))
        context.board.release_slot(slot)
    return tuple(runs)


def unknown_on_board(
    context: SupervisorContext, living: Iterable[ZygoteRecord]
) -> list[ExecutorEntry]:
    """Return the executors on the board that belong to no living zygote."""
    found: dict[str, ExecutorEntry] = {}
    ranges = [range(zygote.lo, zygote.hi) for zygote in living]
    for seen in context.board.owned_slots():
        if any(seen.slot in slots for slots in ranges):
            continue  # its zygote reports it
        executor = found.get(seen.exec_id)
        if executor is None:
            found[seen.exec_id] = ExecutorEntry(
                id=seen.exec_id, lane=seen.lane, pid=seen.pid, ticks=seen.ticks,
                slot=seen.slot, slots=1, generation=0, born_ns=0,
            )  # fmt: skip
        else:
            executor.slots = seen.slot - executor.slot + 1
    return list(found.values())
