"""The daemon's life: up, serving, down. Joins the supervisor and its control socket."""

import asyncio
import contextlib
from collections.abc import Callable

from rtd.process.events.signals import SIGHUP, SIGINT, SIGTERM
from rtd.rpc.dispatcher import VerbDispatcher
from rtd.rpc.server import ControlServer
from rtd.supervisor.core.log import log
from rtd.supervisor.node import Node
from rtd.supervisor.shutdown import ShutdownRequest
from rtd.supervisor.startup import KeepRunning, StartOptions, start_node


def run_daemon(wish: StartOptions, ready: Callable[[Node], None]) -> None:
    """Be the daemon until it is told to end.

    Args:
        wish: what is to run, and where.
        ready: called once, when the control socket answers.

    Raises:
        RtdError: it could not come up; one line says why, and nothing is left behind.
    """
    asyncio.run(_run(wish, ready))


async def _run(wish: StartOptions, ready: Callable[[Node], None]) -> None:
    keep = KeepRunning()
    async with contextlib.AsyncExitStack() as ends:
        ending = ShutdownRequest()
        _handle_signals(ending)
        node = await _unless_ended(start_node(wish, ends, keep), ending)
        if node is None:
            return
        _follow(ending, node)
        server = ControlServer(
            lambda: node.context.config, wish.places.socket, VerbDispatcher(node).dispatch
        )
        server.open()
        ends.callback(server.close)
        ready(node)
        await node.shutdown_request.requested.wait()
        keep.running = node.shutdown_request.keep_running
        await _go_down(node)
    log.info("the daemon has ended")


def _handle_signals(ending: ShutdownRequest) -> None:
    """A signal only notes what is wanted; asked twice, everything ends at once."""
    loop = asyncio.get_running_loop()
    for number in (SIGTERM, SIGINT):
        loop.add_signal_handler(number, ending.request)
    loop.add_signal_handler(SIGHUP, _nothing_to_reload)


def _nothing_to_reload() -> None:
    log.info("SIGHUP while starting: the app is being imported anyway")


def _follow(ending: ShutdownRequest, node: Node) -> None:
    """From here on signals are for the node; SIGHUP reloads the app."""
    loop = asyncio.get_running_loop()
    for number in (SIGTERM, SIGINT):
        loop.add_signal_handler(number, node.shutdown_request.request)
    loop.add_signal_handler(SIGHUP, node.reload_soon)
    if ending.requested.is_set():
        node.shutdown_request.request()


async def _unless_ended(
    work: "asyncio.Future[Node] | object", ending: ShutdownRequest
) -> Node | None:
    """The node, or None when the daemon was told to end while it came up."""
    coming: asyncio.Task[Node] = asyncio.ensure_future(work)  # type: ignore[arg-type]
    ended = asyncio.ensure_future(ending.requested.wait())
    await asyncio.wait((coming, ended), return_when=asyncio.FIRST_COMPLETED)
    ended.cancel()
    if coming.done():
        return coming.result()
    coming.cancel()
    await asyncio.gather(coming, return_exceptions=True)
    log.info("told to end while starting")
    return None


async def _go_down(node: Node) -> None:
    if node.shutdown_request.keep_running:
        log.info("ending; executors and Redis stay for the next daemon")
        return
    grace_s = node.shutdown_request.grace_s
    if grace_s is None:
        grace_s = node.context.config.stop_grace_s
    log.info("shutting down")
    shutdown = node.new_shutdown(grace_s)
    node.shutdown_request.on_repeat = shutdown.force
    await shutdown.run()
