"""What a run remembers of the threads, greenlets and asyncio tasks that it starts."""

import sys
import threading
from collections.abc import Iterator

import pytest

from rtd.session.context.run_context import CurrentRun


class Started:
    """Stands for one of them."""


@pytest.fixture
def hasty_threads() -> Iterator[None]:
    """Let threads take turns all the time."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


def test_it_is_listed_while_another_thread_starts_more(hasty_threads: None) -> None:
    run = CurrentRun("id", "task", 1, lambda done, total, text: None)
    assert run.list_started() == []
    kept = [Started() for _ in range(2000)]
    for one in kept:
        run.add_started(one)
    over = threading.Event()

    def start_and_forget() -> None:
        while not over.is_set():
            run.add_started(Started())

    thread = threading.Thread(target=start_and_forget)
    thread.start()
    try:
        for _ in range(200):
            assert set(kept) <= set(run.list_started())
    finally:
        over.set()
        thread.join()
