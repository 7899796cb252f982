"""Makes the asyncio client from the blocking one: the modules `MADE` of `rtctl/aio`.

Each class of the blocking file gets a twin whose name starts with `Async`. A call that reaches the
daemon is awaited; a method that awaits is `async`; a property that awaits becomes a method. Only
docstrings of classes are written here, since their examples differ.
"""

import ast
from typing import Final

from rtd.protocol.verbs import VERBS

#: Modules that are made, and hand-written modules that exist for both clients.
MODULES: Final = {
    f"rtctl.client.{name}": f"rtctl.aio.{name}"
    for name in (
        "bound_task",
        "client",
        "connection_pool",
        "redis_pool",
        "run",
        "run_collector",
        "run_submitter",
    )
} | {"rtctl.generated.verbs": "rtctl.generated.async_verbs"}
MADE: Final = ("bound_task", "client", "run", "run_collector")
RENAMED: Final = {
    name: f"Async{name}"
    for name in (
        "BoundTask", "Client", "ConnectionPool", "Iterator", "Run", "RunCollector", "RunSource",
        "RunSubmitter", "TaskSubmitter", "Verbs",
    )
} | {"__enter__": "__aenter__", "__exit__": "__aexit__", "close": "aclose"}  # fmt: skip
#: What a call is awaited on, beside the methods of the class itself.
AWAITED: Final = ("self.rpc", "self._pool", "self._source.rpc", "self._source", "self._submitter",
                  "parts", "rpc")  # fmt: skip
#: What is awaited of a run.
RUN_CALLS: Final = frozenset({"result"})
#: Calls nothing: it returns the verbs.
RPC_WITHIN: Final = "rpc_within"
STREAMS: Final = frozenset(verb.name for verb in VERBS.values() if verb.stream is not None)
#: Left out: a property cannot await. The `row` of an `AsyncRun` is what is known of it.
LEFT_OUT: Final = {"Run": {"row"}}
CLASS_DOCS: Final = {
    "BoundTask": "See `rtctl.client.bound_task.BoundTask`.",
    "Client": """A daemon, as an asyncio program uses it. As `Client`; here every call is awaited.

        async with AsyncClient() as rt:
            run = await rt.submit("report", day="2026-01-31")
            print(await run.result(timeout=60))

    Args:
        address: path of the control socket or URL of a Redis, as `Client`; None: as `Client`.
        reconnect_s: how long a daemon that was there may be away before a call fails.
        redis: as `Client`.
    """,
    "RunCollector": "See `rtctl.client.run_collector.RunCollector`.",
    "Run": """One run. As `Run`, but what calls the daemon is awaited: `await run.state()`.

    `row` is the row of the run as last read from the daemon, or None.
    """,
}


def async_source(name: str, source: str, made: str) -> str:
    """Return the asyncio twin of a module of `rtctl.client`, before it is formatted.

    Args:
        name: the module's name in `rtctl.client`.
        source: its text.
        made: the line that says how the file is made.
    """
    tree = ast.parse(source)
    tree.body[0] = _statement(f"The asyncio twin of `rtctl.client.{name}`.\n\n{made}\n")
    return ast.unparse(ast.fix_missing_locations(_AsyncTwin().visit(tree))) + "\n"


class _AsyncTwin(ast.NodeTransformer):
    """Rewrites one module."""

    def __init__(self) -> None:
        self._async_methods: set[str] = set()
        self._class = ""

    def visit_Name(self, node: ast.Name) -> ast.AST:
        return ast.Name(RENAMED.get(node.id, node.id), node.ctx)

    def visit_ImportFrom(self, node: ast.ImportFrom) -> ast.AST:
        names = [ast.alias(RENAMED.get(alias.name, alias.name)) for alias in node.names]
        return ast.ImportFrom(MODULES.get(node.module or "", node.module), names, 0)

    def visit_ClassDef(self, node: ast.ClassDef) -> ast.AST:
        self._class = node.name
        left_out = LEFT_OUT.get(node.name, set())
        members = [
            member
            for member in node.body
            if not isinstance(member, ast.FunctionDef) or member.name not in left_out
        ]
        self._async_methods = _async_methods(node.name, members)
        if node.name in CLASS_DOCS:
            members[0] = _statement(CLASS_DOCS[node.name])
        node.body = members
        node.name = RENAMED[node.name]
        self.generic_visit(node)
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        is_async = node.name in self._async_methods
        if self._class in CLASS_DOCS and ast.get_docstring(node) is not None:
            text = f"See `rtctl.client.{_home(self._class)}.{node.name}`."
            if node.returns is not None and ast.unparse(node.returns).startswith("Iterator"):
                text += " Iterate with `async for`."
            node.body[0] = _statement(text)
        self.generic_visit(node)
        node.name = RENAMED.get(node.name, node.name)
        if not is_async:
            return node
        decorators = [d for d in node.decorator_list if ast.unparse(d) != "property"]
        return ast.AsyncFunctionDef(node.name, node.args, node.body, decorators, node.returns)

    def visit_Call(self, node: ast.Call) -> ast.AST:
        awaited = _is_awaited(node, self._async_methods)
        self.generic_visit(node)
        if isinstance(node.func, ast.Attribute) and node.func.attr == "close":
            node.func.attr = "aclose"
        return ast.Await(node) if awaited else node

    def visit_For(self, node: ast.For) -> ast.AST:
        self.generic_visit(node)
        if not _reads_parts(node):
            return node
        return ast.AsyncFor(node.target, node.iter, node.body, node.orelse)

    def visit_Expr(self, node: ast.Expr) -> ast.AST:
        """Make a loop of `yield from`, which coroutines do not have."""
        self.generic_visit(node)
        if not isinstance(node.value, ast.YieldFrom):
            return node
        keyword = "async for" if _reads_parts(node.value) else "for"
        loop = f"async def made():\n {keyword} item in {ast.unparse(node.value.value)}: yield item"
        function = ast.parse(loop).body[0]
        assert isinstance(function, ast.AsyncFunctionDef)
        return function.body[0]


def _async_methods(name: str, members: list[ast.stmt]) -> set[str]:
    """Return the methods of a class that await something; of a protocol all but properties."""
    functions = [member for member in members if isinstance(member, ast.FunctionDef)]
    if name in ("RunSource", "TaskSubmitter"):
        return {f.name for f in functions if not f.decorator_list} - {RPC_WITHIN}
    found: set[str] = {"__enter__"}
    while True:
        more = {f.name for f in functions if any(_awaits(n, found) for n in ast.walk(f))}
        if more <= found:
            return found
        found |= more


def _awaits(node: ast.AST, methods: set[str]) -> bool:
    return _reads_parts(node) or (isinstance(node, ast.Call) and _is_awaited(node, methods))


def _reads_parts(node: ast.AST) -> bool:
    """Whether a loop or a `yield from` reads the parts of a streamed answer."""
    if isinstance(node, ast.For):
        return ast.unparse(node.iter) == "parts"
    return isinstance(node, ast.YieldFrom) and ast.unparse(node.value) == "parts"


def _is_awaited(call: ast.Call, methods: set[str]) -> bool:
    function = call.func
    if not isinstance(function, ast.Attribute):
        return False
    receiver = ast.unparse(function.value)
    if receiver == "self":
        return function.attr in methods
    if function.attr == RPC_WITHIN:
        return False
    if receiver == "run":
        return function.attr in RUN_CALLS
    is_stream = receiver.endswith(".rpc") and function.attr in STREAMS
    return receiver in AWAITED and not is_stream


def _home(name: str) -> str:
    return {
        "Client": "client.Client", "Run": "run.Run", "BoundTask": "bound_task.BoundTask",
        "RunCollector": "run_collector.RunCollector",
    }[name]  # fmt: skip


def _statement(text: str) -> ast.Expr:
    return ast.Expr(ast.Constant(text))
