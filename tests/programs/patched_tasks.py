"""Tasks of each lane, for apps that patch the standard library before they import them."""

import os

from rtd import Session

session = Session()


@session.task()
def in_process(x: int) -> int:
    print("in process", x)
    return x + 1


@session.task(fresh=True)
def in_fresh(x: int) -> int:
    return x + 1


@session.task(lane="thread")
def in_thread(x: int) -> int:
    return x + 1


@session.task(lane="main")
def in_main(x: int) -> int:
    return x + 1


@session.task()
async def in_loop(x: int) -> int:
    return x + 1


def _wait() -> None:
    """Wait for ever, without a function that the app may have patched."""
    reader, _writer = os.pipe()
    os.read(reader, 1)


@session.task()
def waits() -> None:
    _wait()


@session.task(fresh=True)
def waits_fresh() -> None:
    _wait()


@session.task(lane="thread")
def waits_in_thread() -> None:
    while True:
        os.sched_yield()


@session.task(lane="main")
def waits_in_main() -> None:
    _wait()


@session.task()
async def waits_in_loop() -> None:
    import asyncio  # lazy: it cannot be imported after every patch

    await asyncio.Event().wait()


@session.task(timeout="300ms")
def late() -> None:
    _wait()
