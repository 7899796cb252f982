"""The start of a daemon, phase by phase; its end goes through them in the opposite order.

Each phase registers its own end. The control socket opens last: a client that can connect finds a
daemon that is ready.
"""

import asyncio
import contextlib
import logging
import os

from rtd.common.errors import AppError, InternalError, StoreGone, StoreRefusal
from rtd.config.paths import DaemonPaths
from rtd.process.board.board import Board
from rtd.process.fork.prctl import set_subreaper
from rtd.process.fork.process_title import set_title
from rtd.process.tree.process_identity import start_ticks
from rtd.store.commands.commands import StoreCommands
from rtd.store.connection.async_ import AsyncRedisConnection
from rtd.supervisor.core.context import SupervisorContext
from rtd.supervisor.core.executor_registry import ExecutorExit
from rtd.supervisor.core.jobs import Jobs
from rtd.supervisor.core.log import log
from rtd.supervisor.core.log_rotation import rotate_periodically
from rtd.supervisor.core.redis_notifications import NotificationListener
from rtd.supervisor.core.schedule_gate import ScheduleGate
from rtd.supervisor.ending.dead_nodes import DeadNodes
from rtd.supervisor.ending.settle_missing import fence_missing, settle_fenced
from rtd.supervisor.lifecycle.directories import check_room, make_directories
from rtd.supervisor.lifecycle.lock_file import lock_directories
from rtd.supervisor.lifecycle.node_claim import NodeClaim
from rtd.supervisor.lifecycle.redis_server import RedisServer, check_redis
from rtd.supervisor.node import Node
from rtd.supervisor.pools.earlier_app import describe_earlier
from rtd.supervisor.pools.orphans import end_orphans, unknown_on_board
from rtd.supervisor.pools.zygote_registry import ZygoteRecord
from rtd.supervisor.runs.output_retention import OutputRetention
from rtd.supervisor.runs.record_retention import RecordRetention
from rtd.supervisor.start_options import StartOptions

#: A living zygote of an earlier supervisor must say hello within this time.
ADOPT_S = 10.0
#: How long an external Redis may take to answer when the daemon starts.
REDIS_S = 10.0


class KeepRunning:
    """Whether executors and Redis outlive this daemon; the shutdown decides."""

    def __init__(self) -> None:
        self.running = False


async def start_node(
    options: StartOptions, ends: contextlib.AsyncExitStack, keep: KeepRunning
) -> Node:
    """Go through all phases except the control socket.

    Args:
        options: the app, and where it runs.
        ends: collects the end of each phase; these read `keep`.

    Raises:
        RtdError, OSError: a phase failed; `ends` reverts the others.
    """
    make_directories(options.places)
    check_room(options.places)
    locks = lock_directories(options.places, ends)
    set_title("supervisor")
    set_subreaper()
    board = _board(options.places, ends)
    jobs = Jobs()
    asyncio.get_running_loop().set_exception_handler(jobs.on_loop_error)
    redis_server = _redis(options, jobs, ends, keep)
    context = await _open_context(options, board, redis_server, jobs, ends)
    await _claim_node(context, redis_server, ends)
    node = Node(context, redis_server, locks)
    ends.push_async_callback(context.jobs.stop)
    await node.idle_watcher.begin(options.until_idle)
    await node.zygotes.open(node.zygote_events)
    ends.push_async_callback(_end_zygotes, node, keep)
    ends.callback(node.task_file_watcher.stop)
    serving = await _adopt_zygotes(node)
    orphans = end_orphans(context, unknown_on_board(context, node.zygotes.living))
    await fence_missing(context, node.settler, orphans)
    await _start_app(node, serving)
    await _settle_missing(node, orphans)
    await _listen(node, ends, adopted=serving is not None)
    jobs.start_lasting(OutputRetention(node.context).run, "keeping the output within its quota")
    jobs.start_lasting(
        lambda: rotate_periodically(log.handlers), "keeping the log within its bound"
    )
    if not redis_server.is_embedded:
        other_nodes = DeadNodes(context, node.settler, node.pools.check_all)
        jobs.start_lasting(other_nodes.run, "looking for dead nodes")
    jobs.start_lasting(RecordRetention(node.context).run, "forgetting old records")
    await node.slot_lender.forget_earlier()
    node.pools.check_all()
    return node


def _board(places: DaemonPaths, ends: contextlib.AsyncExitStack) -> Board:
    board = Board.create(places.board)
    board.set_supervisor(os.getpid(), start_ticks(os.getpid()) or 0)
    ends.callback(board.close)
    return board


# --- Redis


def _redis(
    options: StartOptions, jobs: Jobs, ends: contextlib.AsyncExitStack, keep: KeepRunning
) -> RedisServer:
    redis_server = RedisServer(options.config, options.places)
    ends.push_async_callback(lambda: redis_server.stop(keep.running))
    redis_server.start(jobs)
    return redis_server


async def _open_context(
    options: StartOptions,
    board: Board,
    redis_server: RedisServer,
    jobs: Jobs,
    ends: contextlib.AsyncExitStack,
) -> SupervisorContext:
    commands = StoreCommands(options.config.name)
    try:
        redis = await AsyncRedisConnection.connect(
            redis_server.url, timeout_s=REDIS_S, probe=commands.probe_writes()
        )
    except StoreRefusal:
        raise
    except StoreGone as error:
        hint = "start it, or leave `redis` out: rtd then runs one of its own"
        raise StoreGone(f"{error.sentence}; {hint}") from None
    ends.push_async_callback(redis.close)
    await check_redis(redis_server, redis)
    return SupervisorContext(
        config=options.config,
        paths=options.places,
        app=options.app,
        redis=redis,
        commands=commands,
        store_url=redis_server.url,
        board=board,
        jobs=jobs,
        gate=ScheduleGate(is_on=options.scheduling, opens=not options.until_idle),
        umask=options.umask,
    )


async def _claim_node(
    context: SupervisorContext, redis_server: RedisServer, ends: contextlib.AsyncExitStack
) -> None:
    """Claim the node's name in a shared Redis; the lock of the state directory guards our own."""
    if redis_server.is_embedded:
        return
    claim = NodeClaim(context)
    await claim.claim()
    ends.push_async_callback(claim.release)
    context.jobs.start_lasting(claim.run, "holding the node's name")


# --- zygotes


async def _end_zygotes(node: Node, keep: KeepRunning) -> None:
    """End the zygotes and remove the board, or leave both to the next daemon."""
    await node.zygotes.close(keep.running)
    if not keep.running and not node.zygotes.living:
        node.context.board.remove()


async def _adopt_zygotes(node: Node) -> ZygoteRecord | None:
    """Wait for living zygotes of an earlier supervisor; return the one that serves this app."""
    serving: ZygoteRecord | None = None
    for zygote in node.zygotes.living:
        try:
            await node.zygotes.wait_hello(zygote, ADOPT_S)
        except AppError:
            pass  # it has no tasks, but may have executors that run shell commands
        except InternalError as error:
            log.error("zygote %d is left alone: %s", zygote.pid, error)
            continue
        if zygote.app == node.context.app and zygote.error is None and not zygote.retiring:
            serving = zygote
    for zygote in node.zygotes.living:
        if zygote is not serving:
            node.zygotes.retire(zygote)
    return serving


async def _start_app(node: Node, serving: ZygoteRecord | None) -> None:
    """Go on with an adopted zygote, or start one."""
    if serving is None:
        await node.start_app()
    else:
        count = len(node.context.executors)
        log.info("adopted zygote %d with %d executors", serving.pid, count)
        node.activate_zygote(serving)
        node.earlier_app = describe_earlier(serving, node.context.working_dir)
        if (app := node.earlier_app) is not None:
            log.log(logging.WARNING if app.is_outdated else logging.INFO, "%s", app.sentence)


# --- the past


async def _settle_missing(node: Node, orphans: list[ExecutorExit]) -> None:
    """Settle executors that died, or lost their zygote, while no supervisor ran.

    Called after the app is served: by now its policies are known.
    """
    for orphan in orphans:
        log.warning("%s executor %d was left over and is gone", orphan.lane, orphan.pid)
        node.settler.settle(orphan, _nothing)
    await settle_fenced(node.context, node.settler)


def _nothing() -> None:
    """Do nothing: no zygote keeps the status of an orphan."""


async def _listen(node: Node, ends: contextlib.AsyncExitStack, *, adopted: bool) -> None:
    """Open the schedule, and react to notifications, deadlines and delayed runs from now on."""
    context = node.context
    connection = await AsyncRedisConnection.connect(
        context.store_url, timeout_s=REDIS_S, probe=context.commands.probe_writes()
    )
    ends.push_async_callback(connection.close)
    listener = NotificationListener(
        node.context,
        connection,
        node.notification_handlers,
        node.resync.request,
    )
    await node.schedule_events.clear_old_halt(adopted)
    # Before the first notification: history is read from Redis.
    await node.startup_tasks.begin(adopted)
    ends.callback(node.scheduler.stop)
    context.jobs.start_lasting(listener.listen, "listening to Redis")
    node.limit_watcher.start()
    ends.callback(node.limit_watcher.stop)
    ends.callback(node.run_timers.stop)
    ends.callback(node.resync.stop)
    ends.callback(node.task_log.stop)
