"""The client of rtd: `from rtctl import Client`.

    with Client() as rt:
        run = rt.submit("report", day="2026-01-31")
        print(run.result(timeout=60))

`Client` blocks, `AsyncClient` is for asyncio. A name is loaded when it is first used, so
`import rtctl` costs next to nothing.
"""

TYPE_CHECKING = False  # `typing` itself would cost every rtctl 6 ms
if TYPE_CHECKING:
    from rtctl.aio.client import AsyncClient
    from rtctl.aio.run import AsyncRun
    from rtctl.client.client import Client
    from rtctl.client.errors import DaemonUnreachable, RunFailed
    from rtctl.client.output_lines import Line
    from rtctl.client.run import Run
    from rtd.common.errors import NoSuchRun, RtdError, StoreGone, WaitTimeout

__all__ = [
    "AsyncClient",
    "AsyncRun",
    "Client",
    "DaemonUnreachable",
    "Line",
    "NoSuchRun",
    "RtdError",
    "Run",
    "RunFailed",
    "StoreGone",
    "WaitTimeout",
]

_HOME = {
    "AsyncClient": "rtctl.aio.client",
    "AsyncRun": "rtctl.aio.run",
    "Client": "rtctl.client.client",
    "DaemonUnreachable": "rtctl.client.errors",
    "Line": "rtctl.client.output_lines",
    "NoSuchRun": "rtd.common.errors",
    "RtdError": "rtd.common.errors",
    "Run": "rtctl.client.run",
    "RunFailed": "rtctl.client.errors",
    "StoreGone": "rtd.common.errors",
    "WaitTimeout": "rtd.common.errors",
}


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module 'rtctl' has no attribute {name!r}")
    from importlib import import_module  # lazy: only programs that use the library need it

    return getattr(import_module(_HOME[name]), name)


def __dir__() -> "list[str]":
    """Return the public names, also those that are not loaded yet."""
    return sorted({*globals(), *__all__})


del TYPE_CHECKING  # no name of this module but those in `__all__`
