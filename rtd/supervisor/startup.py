"""How a daemon comes up, phase by phase, and goes down again in the opposite order.

Each phase registers its own end. The control socket opens last: whoever can connect finds a
daemon that is ready.
"""

import contextlib
import os
from dataclasses import dataclass

from rtd.common.errors import AppError, InternalError, StoreGone
from rtd.config.config import Config
from rtd.config.paths import Places
from rtd.process.board.board import Board
from rtd.process.fork.prctl import set_subreaper
from rtd.process.fork.process_title import set_title
from rtd.process.tree.process_identity import start_ticks
from rtd.store.commands.commands import Calls
from rtd.store.connection.async_ import AsyncLink
from rtd.supervisor.core.context import Core
from rtd.supervisor.core.executor_registry import Gone
from rtd.supervisor.core.log import log
from rtd.supervisor.core.log_rotation import keep_bounded
from rtd.supervisor.core.redis_notifications import NodeBell
from rtd.supervisor.lifecycle.directories import make_places
from rtd.supervisor.lifecycle.lock_file import lock_places
from rtd.supervisor.lifecycle.node_claim import Presence
from rtd.supervisor.lifecycle.redis_server import Engine, examine
from rtd.supervisor.node import Node
from rtd.supervisor.pools.generation_records import Zygote
from rtd.supervisor.pools.orphans import end_orphans, unknown_on_board
from rtd.supervisor.runs.output_retention import Retention
from rtd.supervisor.runs.record_retention import Forgetting

#: A zygote of before that lives must say hello within this time, or it is given up.
ADOPT_S = 10.0
#: How long an external Redis may take to answer when the daemon starts.
REDIS_S = 10.0


@dataclass(frozen=True, slots=True)
class Wish:
    """What the command line asks for; `scheduling`: see `Core`."""

    config: Config
    places: Places
    app: str | None
    scheduling: bool = True


class Keep:
    """Whether executors and Redis outlive this daemon; decided at the shutdown."""

    def __init__(self) -> None:
        self.running = False


async def bring_up(wish: Wish, ends: contextlib.AsyncExitStack, keep: Keep) -> Node:
    """Go through all phases but the control socket.

    Args:
        wish: what is to run, and where.
        ends: collects the end of each phase.
        keep: read by the ends.

    Raises:
        RtdError: one line that says which phase failed and why; `ends` undoes the others.
    """
    make_places(wish.places)
    lock_places(wish.places, ends)
    set_title("supervisor")
    set_subreaper()
    board = _board(wish.places, ends)
    engine = _redis(wish, ends, keep)
    core = await _core(wish, board, engine, ends)
    await _be_the_only_one(core, engine, ends)
    node = Node(core, engine)
    ends.push_async_callback(core.jobs.stop)
    await node.zygotes.open()
    ends.push_async_callback(_end_zygotes, node, keep)
    ends.callback(node.task_files.stop)
    serving = await _greet_the_living(node)
    orphans = end_orphans(core, unknown_on_board(core, node.zygotes.living))
    await _serve_app(node, serving)
    await _settle_the_past(node, orphans)
    await _listen(node, ends, adopted=serving is not None)
    node.core.jobs.start(Retention(node.core).keep(), "keeping the output within its quota")
    node.core.jobs.start(keep_bounded(log.handlers), "keeping the log within its bound")
    node.core.jobs.start(Forgetting(node.core).keep(), "forgetting old records")
    node.pools.look_at_all()
    return node


def _board(places: Places, ends: contextlib.AsyncExitStack) -> Board:
    board = Board.create(places.board)
    board.set_supervisor(os.getpid(), start_ticks(os.getpid()) or 0)
    ends.callback(board.close)
    return board


# --- Redis


def _redis(wish: Wish, ends: contextlib.AsyncExitStack, keep: Keep) -> Engine:
    engine = Engine(wish.config, wish.places)
    ends.push_async_callback(lambda: engine.stop(keep.running))
    engine.start()
    return engine


async def _core(wish: Wish, board: Board, engine: Engine, ends: contextlib.AsyncExitStack) -> Core:
    try:
        redis = await AsyncLink.connect(engine.url, timeout_s=REDIS_S)
    except StoreGone as error:
        hint = "start it, or leave `redis` out: rtd then runs one of its own"
        raise StoreGone(f"{error.sentence}; {hint}") from None
    ends.push_async_callback(redis.close)
    await examine(engine, redis)
    return Core(
        config=wish.config,
        places=wish.places,
        app=wish.app,
        redis=redis,
        calls=Calls(wish.config.name),
        store_url=engine.url,
        board=board,
        scheduling=wish.scheduling,
    )


async def _be_the_only_one(core: Core, engine: Engine, ends: contextlib.AsyncExitStack) -> None:
    """A Redis of our own is guarded by the lock of the state directory."""
    if engine.embedded:
        return
    presence = Presence(core)
    await presence.claim()
    ends.push_async_callback(presence.release)
    core.jobs.start(presence.keep(), "holding the node's name")


# --- zygotes


async def _end_zygotes(node: Node, keep: Keep) -> None:
    """End them and what they share, or leave both to the next daemon."""
    await node.zygotes.close(keep.running)
    if not keep.running and not node.zygotes.living:
        node.core.board.remove()


async def _greet_the_living(node: Node) -> Zygote | None:
    """Wait for zygotes of before that still live; gives the one that serves this app."""
    serving: Zygote | None = None
    for zygote in node.zygotes.living:
        try:
            await node.zygotes.greeting(zygote, ADOPT_S)
        except AppError:
            pass  # it has no tasks, but may have shell commands below it
        except InternalError as error:
            log.error("zygote %d is left alone: %s", zygote.pid, error)
            continue
        if zygote.app == node.core.app and zygote.error is None and not zygote.retiring:
            serving = zygote
    for zygote in node.zygotes.living:
        if zygote is not serving:
            node.zygotes.retire(zygote)
    return serving


async def _serve_app(node: Node, serving: Zygote | None) -> None:
    """Go on with a zygote of before, or start one."""
    if serving is None:
        await node.serve_app()
    else:
        count = len(node.core.executors)
        log.info("adopted zygote %d with %d executors", serving.pid, count)
        node.serve_from(serving)


# --- the past


async def _settle_the_past(node: Node, orphans: list[Gone]) -> None:
    """Executors that died, or lost their parent, while nobody looked. By now the app's
    policies are known."""
    for gone in orphans:
        log.warning("%s executor %d was left over and is gone", gone.lane, gone.pid)
        node.settler.start(gone, _nothing)
    await node.settle_fenced()


def _nothing() -> None:
    """No zygote keeps a status of these."""


async def _listen(node: Node, ends: contextlib.AsyncExitStack, *, adopted: bool) -> None:
    """From here on rings, deadlines and delayed runs are heard."""
    link = await AsyncLink.connect(node.core.store_url, timeout_s=REDIS_S)
    ends.push_async_callback(link.close)
    bell = NodeBell(
        node.core,
        link,
        {
            "demand": node.pools.demand,
            "due": node.timers.ring_due,
            "expire": node.timers.ring_expire,
            "done": node.waiters.rung,
            "task": node.scheduler.rung,
            "switch": node.scheduler.rung_switch,
            "params": node.scheduler.rung_params,
            "fault": node.core.faults.rung,
            "halt": node.halting.rung,
            "inner": node.inner.rung,
        },
        node.look_again,
    )
    await node.halting.begin(adopted)
    await node.opening.begin(adopted)  # before the first ring: what has been is read from Redis
    ends.callback(node.scheduler.stop)
    node.core.jobs.start(bell.listen(), "listening to Redis")
    node.watch.start()
    ends.callback(node.watch.stop)
    ends.callback(node.timers.stop)
    ends.callback(node.task_log.stop)
