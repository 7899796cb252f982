"""The daemon's life: up, serving, down. Joins the supervisor and its control socket."""

import asyncio
import contextlib
from collections.abc import Callable

from rtd.process.events.signals import SIGHUP, SIGINT, SIGTERM
from rtd.rpc.dispatcher import Service
from rtd.rpc.server import Server
from rtd.supervisor.core.log import log
from rtd.supervisor.node import Ending, Node
from rtd.supervisor.shutdown import Drain
from rtd.supervisor.startup import Keep, Wish, bring_up


def run(wish: Wish, ready: Callable[[Node], None]) -> None:
    """Be the daemon until it is told to end.

    Args:
        wish: what is to run, and where.
        ready: called once, when the control socket answers.

    Raises:
        RtdError: it could not come up; one line says why, and nothing is left behind.
    """
    asyncio.run(_serve(wish, ready))


async def _serve(wish: Wish, ready: Callable[[Node], None]) -> None:
    keep = Keep()
    async with contextlib.AsyncExitStack() as ends:
        ending = Ending()
        _hear_signals(ending)
        node = await _unless_ended(bring_up(wish, ends, keep), ending)
        if node is None:
            return
        _follow(ending, node)
        server = Server(lambda: node.core.config, wish.places.socket, Service(node).handle)
        server.open()
        ends.callback(server.close)
        ready(node)
        await node.ending.wanted.wait()
        keep.running = node.ending.keep_running
        await _go_down(node)
    log.info("the daemon has ended")


def _hear_signals(ending: Ending) -> None:
    """A signal only notes what is wanted; asked twice, everything ends at once."""
    loop = asyncio.get_running_loop()
    for number in (SIGTERM, SIGINT):
        loop.add_signal_handler(number, ending.ask)
    loop.add_signal_handler(SIGHUP, _nothing_to_reload)


def _nothing_to_reload() -> None:
    log.info("SIGHUP while starting: the app is being imported anyway")


def _follow(ending: Ending, node: Node) -> None:
    """From here on signals are for the node; SIGHUP reloads the app."""
    loop = asyncio.get_running_loop()
    for number in (SIGTERM, SIGINT):
        loop.add_signal_handler(number, node.ending.ask)
    loop.add_signal_handler(SIGHUP, node.reload_soon)
    if ending.wanted.is_set():
        node.ending.ask()


async def _unless_ended(work: "asyncio.Future[Node] | object", ending: Ending) -> Node | None:
    """The node, or None when the daemon was told to end while it came up."""
    coming: asyncio.Task[Node] = asyncio.ensure_future(work)  # type: ignore[arg-type]
    ended = asyncio.ensure_future(ending.wanted.wait())
    await asyncio.wait((coming, ended), return_when=asyncio.FIRST_COMPLETED)
    ended.cancel()
    if coming.done():
        return coming.result()
    coming.cancel()
    await asyncio.gather(coming, return_exceptions=True)
    log.info("told to end while starting")
    return None


async def _go_down(node: Node) -> None:
    if node.ending.keep_running:
        log.info("ending; executors and Redis stay for the next daemon")
        return
    grace_s = node.ending.grace_s
    if grace_s is None:
        grace_s = node.core.config.stop_grace_s
    log.info("shutting down")
    drain = Drain(node, grace_s)
    node.ending.hurry = drain.hurry
    await drain.carry_out()
