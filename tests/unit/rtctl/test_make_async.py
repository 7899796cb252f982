"""The asyncio client is made from the blocking one: what is awaited, and what stays as it is."""

import ast

from rtctl import AsyncClient, AsyncRun
from tools.make_async import async_source

SOURCE = '''"""A module."""

class Client:
    """A client."""

    def __enter__(self) -> Client:
        return self

    def close(self) -> None:
        """Close it."""
        self._pool.close()

    def task(self, name: str) -> BoundTask:
        return BoundTask(self, name)

    @property
    def state(self) -> str:
        """The state."""
        return self.get("a")["state"]

    def get(self, run: str) -> Row:
        return self.rpc.show(run=run)["row"]

    def lines(self) -> Iterator[str]:
        """Yield lines."""
        parts = self.rpc.logs(run="a")
        try:
            yield from parts
        finally:
            parts.close()
        yield from self.rest()
'''


def methods(source: str) -> dict[str, str]:
    """Return the methods of the one class of a source, as text."""
    (kind,) = (node for node in ast.parse(source).body if isinstance(node, ast.ClassDef))
    functions = (ast.FunctionDef, ast.AsyncFunctionDef)
    return {node.name: ast.unparse(node) for node in kind.body if isinstance(node, functions)}


def test_only_what_reaches_the_daemon_is_awaited() -> None:
    twin = methods(async_source("client", SOURCE, "Made here."))
    assert twin["task"].startswith("def task(self, name: str) -> AsyncBoundTask:")
    assert twin["__aenter__"].startswith("async def __aenter__(self) -> AsyncClient:")
    assert "await self._pool.aclose()" in twin["aclose"]
    assert "return (await self.rpc.show(run=run))['row']" in twin["get"]


def test_a_property_that_awaits_becomes_a_method() -> None:
    state = methods(async_source("client", SOURCE, "Made here."))["state"]
    assert state.startswith("async def state(self)")
    assert "(await self.get('a'))['state']" in state
    assert "See `rtctl.client.client.Client.state`." in state


def test_a_stream_is_read_with_async_for() -> None:
    lines = methods(async_source("client", SOURCE, "Made here."))["lines"]
    assert "parts = self.rpc.logs(run='a')" in lines
    assert "async for item in parts:" in lines
    assert "await parts.aclose()" in lines
    assert "    for item in self.rest():" in lines
    assert "-> AsyncIterator[str]" in lines


def test_asyncio_runs_compare_as_blocking_ones_do() -> None:
    client = AsyncClient("/nowhere/rtd.sock")
    first, same = AsyncRun(client, "A", "add"), AsyncRun(client, "A", "add")
    assert first == same
    assert len({first, same, AsyncRun(client, "B", "add")}) == 2
    assert repr(first) == "<AsyncRun A add>"
    assert first.row is None
