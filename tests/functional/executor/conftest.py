"""A bench for executors."""

from collections.abc import Iterator

import pytest

from tests.functional.executor.harness import Bench


@pytest.fixture
def bench() -> Iterator[Bench]:
    """Redis, board and executors of one test."""
    bench = Bench()
    yield bench
    bench.close()
