"""An app whose middleware writes down each outcome that it hears of."""

import json
import os
import time
from typing import Any

from rtd import Error, Session, current_run


class Recorder:
    """One line per call, written at once."""

    def run_task(self, task: Any, run: Any, args: tuple[()], kwargs: dict[str, Any]) -> None:
        run(*args, **kwargs)

    def process_outcome(self, task: Any, *exc_info: Any) -> None:
        kind = getattr(exc_info[0], "__name__", None)
        line = json.dumps([task.id, task.attempt, task.state, kind, task.will_retry]) + "\n"
        fd = os.open(os.environ["HEARD"], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.write(fd, line.encode())
        os.close(fd)


session = Session(middleware=[Recorder])


@session.task(on_lost="fail")
def once(work_s: float = 0.005, fail: bool = False) -> None:
    """Ends by itself, or is lost."""
    time.sleep(work_s)
    if fail:
        raise Error("as it should")


@session.task(on_lost="requeue")
def again(work_s: float = 0.005) -> None:
    """Goes back to its queue when its executor dies."""
    time.sleep(work_s)


@session.task(retries=2, backoff=0, on_lost="fail")
def third() -> int:
    """Succeeds at its third attempt."""
    if current_run().attempt < 3:
        raise ValueError("not yet")
    return current_run().attempt


@session.task(timeout=0.1, retries=1, backoff=0, retry_on="timeout", stop_grace=0.2)
def late(deaf: bool = False) -> None:
    """Never ends in time; with `deaf` it must be killed."""
    while True:
        try:
            time.sleep(60)
        except BaseException:
            if not deaf:
                raise


@session.task(lane="thread", on_lost="fail")
def threaded(work_s: float = 0.02) -> None:
    """Several in one process."""
    time.sleep(work_s)
