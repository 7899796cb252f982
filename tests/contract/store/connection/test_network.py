"""Over TCP and TLS, and when replies get lost on the way."""

import asyncio
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from rtd.common.errors import StoreError, StoreGone
from rtd.common.ids import new_ids
from rtd.store.commands.arguments import Submission
from rtd.store.connection.async_ import AsyncRedisConnection
from rtd.store.connection.blocking import RedisConnection
from rtd.store.connection.command import RedisCommand
from rtd.store.connection.lua_scripts import script
from rtd.store.embedded.server import EmbeddedRedis
from tests.contract.store.harness import NODE, Store
from tests.contract.store.proxy import Proxy, tls_proxy

PING = RedisCommand(("PING",))


@pytest.fixture
def proxy(shared_redis: EmbeddedRedis) -> Iterator[Proxy]:
    with Proxy(shared_redis.socket) as proxy:
        yield proxy


@pytest.fixture
def far(store: Store, proxy: Proxy) -> Iterator[RedisConnection]:
    """A link whose replies can be lost, to the same store, which knows the scripts already."""
    with RedisConnection.connect(f"redis://127.0.0.1:{proxy.port}") as link:
        for name in ("submit", "take", "finish", "mine"):
            link.execute(RedisCommand(("SCRIPT", "LOAD", script(name).source)))
        yield link


def test_tcp_works_like_a_unix_socket(far: RedisConnection) -> None:
    blob = b"x" * 1_000_000
    assert (
        far.execute_all(RedisCommand(("SET", "far", blob)), RedisCommand(("GETDEL", "far")), PING)[
            1
        ]
        == blob
    )
    far.blpop_start("bell", 0.01)
    assert far.blpop_poll(5) == (True, None, ())


def test_a_submit_whose_reply_was_lost_is_sent_again_without_harm(
    store: Store, proxy: Proxy, far: RedisConnection
) -> None:
    ids = new_ids(3)
    call = store.calls.submit(
        NODE, "process|default|0", "job", store.now_ms, [Submission(i, b"q", i) for i in ids]
    )
    proxy.lose_next_reply()
    with pytest.raises(StoreGone):
        far.execute(call)
    far.reconnect()
    assert far.execute(call) == [0, 0, 0]
    assert store.waiting() == ids


def test_outcomes_whose_reply_was_lost_are_refused_the_second_time(
    store: Store, proxy: Proxy, far: RedisConnection
) -> None:
    ids = store.submit(3)
    store.take(n=2)
    done = [store.outcome(run) for run in ids[:2]]
    finish = store.calls.finish(NODE, "E1", store.now_ms, b"", 10, done)
    take = store.calls.take(NODE, "E1", "process", 5, store.now_ms)
    proxy.lose_next_reply()
    with pytest.raises(StoreGone):
        far.execute_all(finish, take)
    far.reconnect()
    assert far.execute(finish) == ids[:2]
    assert [run.id for run in far.execute(store.calls.mine(NODE, "E1"))] == ids[2:]
    assert [store.state(run) for run in ids] == ["s", "s", "q"]


def test_a_retry_whose_reply_was_lost_runs_on_once(
    store: Store, proxy: Proxy, far: RedisConnection
) -> None:
    """Finish and take went in one trip: what was queued again may be leased again."""
    run = store.submit_one()
    store.take()
    finish = store.calls.finish(NODE, "E1", store.now_ms, b"", 10, [store.outcome(run, "a")])
    take = store.calls.take(NODE, "E1", "process", 5, store.now_ms)
    proxy.lose_next_reply()
    with pytest.raises(StoreGone):
        far.execute_all(finish, take)
    far.reconnect()
    assert [lease.id for lease in far.execute(store.calls.mine(NODE, "E1"))] == [run]
    far.execute(finish)
    assert store.take("E2") == [run]
    assert store.mine("E1") == []


def test_a_token_lost_on_its_way_leaves_the_run_with_its_executor(
    store: Store, proxy: Proxy, far: RedisConnection
) -> None:
    store.take()
    far.blpop_start(store.calls.bell_key("E1"))
    assert not far.blpop_poll(0).answered
    proxy.lose_next_reply()
    run = store.submit_one()
    with pytest.raises(StoreGone):
        far.blpop_poll(5)
    far.reconnect()
    assert [lease.id for lease in far.execute(store.calls.mine(NODE, "E1"))] == [run]


needs_openssl = pytest.mark.skipif(shutil.which("openssl") is None, reason="no openssl")


@needs_openssl
def test_tls_works_when_the_certificate_is_trusted(shared_redis: EmbeddedRedis, home: Path) -> None:
    with tls_proxy(shared_redis.socket, home) as (proxy, cert):
        url = f"rediss://localhost:{proxy.port}/0?ssl_ca_certs={cert}"
        blob = b"x" * 300_000
        with RedisConnection.connect(url) as link:
            assert (
                link.execute_all(
                    RedisCommand(("SET", "tls", blob)), RedisCommand(("GETDEL", "tls"))
                )[1]
                == blob
            )
            link.blpop_start("bell", 0.01)
            assert link.blpop_poll(5).answered

        async def main() -> None:
            link = await AsyncRedisConnection.connect(url)
            assert await link.execute(RedisCommand(("ECHO", blob))) == blob
            await link.close()

        asyncio.run(main())


@needs_openssl
def test_tls_that_is_not_trusted_is_said_at_once(shared_redis: EmbeddedRedis, home: Path) -> None:
    with tls_proxy(shared_redis.socket, home) as (proxy, _):
        with pytest.raises(StoreError, match=r"TLS failed: .*CERTIFICATE_VERIFY_FAILED"):
            RedisConnection.connect(f"rediss://localhost:{proxy.port}", timeout_s=30)
        with RedisConnection.connect(f"rediss://127.0.0.1:{proxy.port}?ssl_cert_reqs=none") as link:
            assert link.execute(PING) == b"PONG"


def test_a_link_to_nowhere_over_tcp_says_where(proxy: Proxy) -> None:
    with pytest.raises(StoreGone, match=r"no Redis at redis://127\.0\.0\.1:1/0: .*refused"):
        RedisConnection.connect("redis://127.0.0.1:1", timeout_s=0)
