"""An app whose tasks give back the headers of their run, one for each lane."""

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from rtd import Session, current_run

session = Session()


@session.task()
def process() -> dict[str, str]:
    """Return the headers, and change the copy."""
    current_run().headers["more"] = "mine"
    return current_run().headers


@session.task(fresh=True)
def fresh() -> dict[str, str]:
    """Return the headers."""
    return current_run().headers


@session.task(lane="thread")
def thread() -> dict[str, str]:
    """Return the headers."""
    return current_run().headers


@session.task(lane="main")
def main() -> dict[str, str]:
    """Return the headers."""
    return current_run().headers


@session.task()
async def coroutine() -> dict[str, str]:
    """Return the headers."""
    return current_run().headers


@session.task()
def threads() -> list[dict[str, str]]:
    """Return the headers as a thread and a thread of a pool see them."""
    found: list[dict[str, str]] = []
    one = threading.Thread(target=lambda: found.append(current_run().headers))
    one.start()
    one.join()
    with ThreadPoolExecutor() as pool:
        found.append(pool.submit(lambda: current_run().headers).result())
    return found


@session.task(retries=1, backoff=0.01)
def second(path: str) -> dict[str, str]:
    """Fail once, then return the headers."""
    if not Path(path).exists():
        Path(path).touch()
        raise RuntimeError("not yet")
    return current_run().headers
