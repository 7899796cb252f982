"""Runs a daemon: start, serve, shut down. Joins the supervisor and its control socket."""

import asyncio
import contextlib
from collections.abc import Callable

from rtd.process.events.signals import SIGCONT, SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2
from rtd.process.events.stuck_loop import handle_signal
from rtd.rpc.dispatcher import VerbDispatcher
from rtd.rpc.redis_connections import RedisConnectionServer
from rtd.rpc.server import ControlServer
from rtd.supervisor.core.log import log
from rtd.supervisor.lifecycle.idle_watcher import IdleReport
from rtd.supervisor.node import Node
from rtd.supervisor.shutdown import ShutdownRequest
from rtd.supervisor.start_options import StartOptions
from rtd.supervisor.startup import KeepRunning, start_node


def run_daemon(start_options: StartOptions, ready: Callable[[Node], None]) -> IdleReport | None:
    """Run the daemon until a signal or a request ends it.

    Args:
        start_options: the settings, the paths and the app.
        ready: called once, when the control socket answers.

    Returns:
        With `until_idle`, what has been done and what is left; None of a daemon that was ended
        while it started.

    Raises:
        RtdError: the daemon could not start; one line says why, and nothing is left behind.
    """
    return asyncio.run(_run(start_options, ready))


async def _run(start_options: StartOptions, ready: Callable[[Node], None]) -> IdleReport | None:
    keep, report = KeepRunning(), None
    async with contextlib.AsyncExitStack() as exits:
        ending = ShutdownRequest()
        _handle_signals(ending)
        node = await _started_or_none(start_node(start_options, exits, keep), ending)
        if node is None:
            return None
        _hand_signals_to(node, ending)
        server = ControlServer(
            lambda: node.context.config, start_options.places.socket, VerbDispatcher(node).dispatch
        )
        connections = RedisConnectionServer(node.context)
        connections.open()  # first: an offer names it
        exits.callback(connections.close)
        server.open()
        exits.callback(server.close)
        for lock in node.locks:
            lock.mark_ready()
        sockets = {start_options.places.socket: server.renew}
        if connections.is_used:
            sockets[connections.path] = connections.renew
        node.watch_files(sockets)
        exits.push_async_callback(node.redis_files.close)
        exits.callback(node.runtime_files.stop)
        ready(node)
        if start_options.until_idle:
            node.context.jobs.start_lasting(
                lambda: _end_when_idle(node), "waiting for the last run"
            )
        await node.shutdown_request.requested.wait()
        keep.running = node.shutdown_request.keep_running
        await _shut_down(node)
        if start_options.until_idle:
            report = await node.idle_watcher.report()
    log.info("the daemon has ended")
    return report


async def _end_when_idle(node: Node) -> None:
    await node.idle_watcher.wait()
    if not node.shutdown_request.requested.is_set():
        log.info("nothing is left to do")
        node.shutdown_request.request()


def _handle_signals(ending: ShutdownRequest) -> None:
    """Note a signal. A second one ends the start at once."""
    loop = asyncio.get_running_loop()
    for number in (SIGTERM, SIGINT):
        handle_signal(number, ending.request)
    handle_signal(SIGCONT, _nothing_to_end)  # of `rtd stop`, when the daemon does not answer it
    loop.add_signal_handler(SIGHUP, _nothing_to_reload)
    for other in (SIGQUIT, SIGUSR1, SIGUSR2):
        loop.add_signal_handler(other, _log_ignored, other.name)


def _log_ignored(name: str) -> None:
    log.warning("%s is ignored: SIGTERM ends the daemon, SIGHUP imports the app again", name)


def _nothing_to_end() -> None:
    """Do nothing: the event loop runs."""


def _nothing_to_reload() -> None:
    log.info("SIGHUP while starting: the app is being imported anyway")


def _hand_signals_to(node: Node, ending: ShutdownRequest) -> None:
    """Hand signals to the node from here on; SIGHUP reloads the app."""
    loop = asyncio.get_running_loop()
    for number in (SIGTERM, SIGINT):
        handle_signal(number, node.shutdown_request.request)
    loop.add_signal_handler(SIGHUP, node.reload_soon)
    if ending.requested.is_set():
        node.shutdown_request.request()


async def _started_or_none(
    work: "asyncio.Future[Node] | object", ending: ShutdownRequest
) -> Node | None:
    """Return the node, or None when a signal ended the daemon while it started."""
    starting: asyncio.Task[Node] = asyncio.ensure_future(work)  # type: ignore[arg-type]
    ended = asyncio.ensure_future(ending.requested.wait())
    await asyncio.wait((starting, ended), return_when=asyncio.FIRST_COMPLETED)
    ended.cancel()
    if starting.done():
        return starting.result()
    starting.cancel()
    await asyncio.gather(starting, return_exceptions=True)
    log.info("a signal ended the daemon while it started")
    return None


async def _shut_down(node: Node) -> None:
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
    await node.failure_log.finish()
