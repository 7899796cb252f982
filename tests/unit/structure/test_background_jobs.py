"""Background tasks of the daemon are started where their end is noticed, and nowhere else."""

import ast

import pytest

from tests.helpers.source import Module, modules, place

#: Calls that start a task or give a callback to the loop without anything that watches them.
STARTERS = {"create_task", "ensure_future", "TaskGroup"}
#: The only modules that call them, and why nothing can end unnoticed there.
WATCHED = {
    "rtd.supervisor.core.jobs": "the place that watches",
    "rtd.supervisor.core.eager_task": "a request of a client: its connection waits for it",
    "rtd.rpc.core.connection_requests": "a request of a client: its connection waits for it",
    "rtd.rpc.core.for_each_target": "waited for in the same function",
    "rtd.store.connection.async_": "its loop ends by no error",
    "rtd.cli.serve": "the start, which is waited for",
    "rtd.supervisor.pools.zygotes": "waited for in the same function",
    "rtd.supervisor.pools.reload": "waited for in the same function",
    "rtd.supervisor.pools.slot_lender": "cancelled in the same function",
    "rtd.supervisor.runs.submit": "waited for in the same function",
    "rtd.supervisor.shutdown": "waited for in the same function",
    "rtd.supervisor.lifecycle.shutdown_tasks": "waited for in the same function",
}
DAEMON = ("rtd.supervisor", "rtd.rpc", "rtd.store", "rtd.cli")


def starts(module: Module) -> list[str]:
    """The places in a module where a task is started."""
    return [
        place(module, node.lineno)
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Attribute | ast.Name)
        and (node.attr if isinstance(node, ast.Attribute) else node.id) in STARTERS
    ]


def daemon_modules() -> list[Module]:
    """The modules that run in the supervisor's process."""
    return [module for module in modules().values() if module.name.startswith(DAEMON)]


def test_only_watched_places_start_background_tasks() -> None:
    wrong = [
        found
        for module in daemon_modules()
        if module.name not in WATCHED
        for found in starts(module)
    ]
    assert not wrong, "use context.jobs.start or start_lasting:\n" + "\n".join(wrong)


@pytest.mark.parametrize("name", sorted(WATCHED))
def test_each_watched_place_starts_some(name: str) -> None:
    assert starts(modules()[name])


def test_what_goes_on_for_ever_is_started_as_lasting() -> None:
    """A coroutine with `while True` that a job runs begins again after an error."""
    endless = {module.name: _endless(module) for module in daemon_modules()}
    anywhere = set().union(*endless.values())
    wrong = [
        place(module, call.lineno)
        for module in daemon_modules()
        for call in _started(module)
        if call.attr in (endless[module.name] if _is_own(call) else anywhere)
    ]
    assert not wrong, "use start_lasting:\n" + "\n".join(wrong)


def _endless(module: Module) -> set[str]:
    """The coroutines of a module that have a loop without an end."""
    return {
        node.name
        for node in ast.walk(module.tree)
        if isinstance(node, ast.AsyncFunctionDef)
        and any(isinstance(inner, ast.While) and _has_no_end(inner) for inner in ast.walk(node))
    }


def _has_no_end(loop: ast.While) -> bool:
    parts = list(ast.walk(loop))
    return isinstance(loop.test, ast.Constant) and not any(
        isinstance(part, ast.Return | ast.Break) for part in parts
    )


def _started(module: Module) -> list[ast.Attribute]:
    """The methods whose coroutine is started: `jobs.start(x.method(...), ...)`."""
    return [
        node.args[0].func
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "start"
        and node.args
        and isinstance(node.args[0], ast.Call)
        and isinstance(node.args[0].func, ast.Attribute)
    ]


def _is_own(method: ast.Attribute) -> bool:
    return isinstance(method.value, ast.Name) and method.value.id == "self"
