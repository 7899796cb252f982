"""A private Redis of each version that is there, and a store in it for each test."""

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from rtd.store.connection.blocking import RedisConnection
from rtd.store.embedded.find_server import ServerProgram
from rtd.store.embedded.server import EmbeddedRedis
from tests.contract.store.census import check
from tests.contract.store.harness import Store
from tests.contract.store.servers import name, servers


@pytest.fixture(scope="session", params=servers(), ids=name)
def server(request: pytest.FixtureRequest) -> ServerProgram:
    """A server program."""
    found: ServerProgram = request.param
    return found


@pytest.fixture
def home() -> Iterator[Path]:
    """A directory with a short name, for a socket below it."""
    with TemporaryDirectory(prefix="rtd-redis-") as path:
        yield Path(path)


@pytest.fixture(scope="session")
def shared_redis(server: ServerProgram) -> Iterator[EmbeddedRedis]:
    """One running server for all tests that do it no harm."""
    with TemporaryDirectory(prefix="rtd-redis-") as path:
        redis = EmbeddedRedis(Path(path) / "redis", server=server)
        redis.start()
        yield redis
        redis.stop()


@pytest.fixture
def redis(server: ServerProgram, home: Path) -> Iterator[EmbeddedRedis]:
    """A running server of the test's own, to be killed."""
    redis = EmbeddedRedis(home / "redis", server=server)
    redis.start()
    yield redis
    redis.stop()


@pytest.fixture
def store(shared_redis: EmbeddedRedis) -> Iterator[Store]:
    """An empty store. Its books must balance at the end of the test."""
    with RedisConnection.connect(shared_redis.url) as link:
        store = Store(link)
        store.clear()
        yield store
        check(store)
