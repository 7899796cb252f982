"""A worker and a client without a daemon, over TLS to the Redis that they share."""

import asyncio
import shutil
import ssl
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import redis

from rtctl import AsyncClient, Client
from rtd.common.errors import ConfigError, RtdError, StoreError, StoreGone
from rtd.store.connection.async_ import AsyncRedisConnection
from rtd.store.connection.task_client import connect_for_tasks
from tests.contract.store.proxy import Proxy, certificate, tls_proxy
from tests.helpers.daemon import BIN, Daemon, DaemonMaker
from tests.helpers.external import ExternalRedis
from tests.helpers.source import PROGRAMS

pytestmark = pytest.mark.skipif(shutil.which("openssl") is None, reason="no openssl")


@pytest.fixture
def door(external: ExternalRedis, tmp_path: Path) -> Iterator[tuple[Proxy, Path]]:
    """A TLS door before that Redis, and the certificate that clients must trust."""
    with tls_proxy(external.socket, tmp_path) as found:
        yield found


@pytest.fixture
def url(door: tuple[Proxy, Path]) -> str:
    """The URL of the door."""
    proxy, cert = door
    return f"rediss://localhost:{proxy.port}/0?ssl_ca_certs={cert}"


def start(start_daemon: DaemonMaker, url: str) -> Daemon:
    """A worker with tasks that emit, whose settings name the Redis."""
    flags = ["--redis", url, "--set", "name=shop"]
    return start_daemon("emitters:session", cwd=PROGRAMS, flags=flags)


def said(call: Callable[[], object]) -> str:
    """The one line of the error that a call raises."""
    with pytest.raises(RtdError) as caught:
        call()
    assert len(str(caught.value).splitlines()) == 1
    return str(caught.value)


def test_runs_their_ends_and_events_over_tls(start_daemon: DaemonMaker, url: str) -> None:
    start(start_daemon, url)
    with Client(f"{url}&name=shop") as rt:
        events = rt.rpc.events(follow=True, type=["counted"])
        assert events.next_within(0.3) is None
        run = rt.submit("count", to=400)
        assert [events.next_within(20)["data"] for _ in range(400)] == list(range(400))  # type: ignore[index]
        assert run.result(timeout=20) is None
        assert run.retry().wait(timeout=20).state == "succeeded"
        events.close()

    async def check() -> None:
        async with AsyncClient(url, name="shop") as rt:
            parts = rt.rpc.events(follow=True, type=["first"])
            assert await parts.next_within(0.3) is None
            run = await rt.submit("pair")
            found = await parts.next_within(20)
            assert found is not None
            assert (await run.wait(timeout=20)).row["state"] == "succeeded"
            await parts.aclose()

    asyncio.run(check())
    done = subprocess.run(
        [BIN / "rtctl", "submit", "pair", "--wait", "--url", f"{url}&name=shop"],
        env={}, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")


def test_a_server_that_is_not_trusted_is_one_line(
    door: tuple[Proxy, Path], external: ExternalRedis, tmp_path: Path
) -> None:
    proxy, _ = door
    (tmp_path / "other").mkdir()
    other, _ = certificate(tmp_path / "other")
    place = f"rediss://:s3cret@localhost:{proxy.port}/0"
    for options in (f"?ssl_ca_certs={other}", ""):
        with Client(place + options) as rt:
            for call in (lambda: rt.submit("x"), rt.ls, lambda: next(rt.events(follow=True))):
                text = said(call)  # type: ignore[arg-type]
                assert f"Redis at rediss://localhost:{proxy.port}/0: TLS failed: " in text
                assert "CERTIFICATE_VERIFY_FAILED" in text
                assert "s3cret" not in text
    done = subprocess.run(
        [BIN / "rtctl", "ls"], env={"RTD_URL": place}, capture_output=True, text=True, timeout=60,
        check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout, len(done.stderr.splitlines())) == (1, "", 1)
    assert "CERTIFICATE_VERIFY_FAILED" in done.stderr
    assert "s3cret" not in done.stderr


def test_a_wrong_name_of_the_host_is_one_line_unless_it_is_not_checked(
    door: tuple[Proxy, Path],
) -> None:
    proxy, cert = door
    place = f"rediss://127.0.0.1:{proxy.port}/0?ssl_ca_certs={cert}"
    with Client(place) as rt, pytest.raises(StoreError, match=r"TLS failed: .*127\.0\.0\.1"):
        rt.ls()
    with Client(f"{place}&ssl_check_hostname=false") as rt:
        assert rt.ls() == []
    with Client(f"rediss://127.0.0.1:{proxy.port}/0?ssl_cert_reqs=none") as rt:
        assert rt.ls() == []


def test_the_client_of_tasks_checks_as_the_url_says(door: tuple[Proxy, Path]) -> None:
    proxy, cert = door
    place = f"rediss://127.0.0.1:{proxy.port}/0?ssl_ca_certs={cert}"
    with pytest.raises(redis.ConnectionError, match="CERTIFICATE_VERIFY_FAILED"):
        connect_for_tasks(place).ping()
    for options in ("ssl_check_hostname=false", "ssl_cert_reqs=none"):
        with connect_for_tasks(f"{place}&{options}") as store:
            assert store.ping()


def test_tls_on_one_side_only_is_one_line(door: tuple[Proxy, Path]) -> None:
    proxy, _ = door
    with Client(f"redis://localhost:{proxy.port}/0") as rt, pytest.raises(StoreGone) as caught:
        rt.ls()
    assert len(str(caught.value).splitlines()) == 1


@pytest.fixture
def mutual(external: ExternalRedis, tmp_path: Path) -> Iterator[tuple[Proxy, Path, Path]]:
    """A door that lets in only clients with a certificate; that of both sides, and its key."""
    cert, key = certificate(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    context.load_verify_locations(cert)
    context.verify_mode = ssl.CERT_REQUIRED
    with Proxy(external.socket, context) as proxy:
        yield proxy, cert, key


def test_a_certificate_of_the_client(
    mutual: tuple[Proxy, Path, Path], start_daemon: DaemonMaker, tmp_path: Path
) -> None:
    proxy, cert, key = mutual
    place = f"rediss://localhost:{proxy.port}/0?ssl_ca_certs={cert}"
    with Client(place) as rt:
        assert "wants a certificate of its clients, name ssl_certfile" in said(rt.ls)

    async def connect() -> None:
        await AsyncRedisConnection.connect(place, timeout_s=0.1)

    assert "wants a certificate of its clients" in said(lambda: asyncio.run(connect()))
    start(start_daemon, f"{place}&ssl_certfile={cert}&ssl_keyfile={key}")
    both = tmp_path / "both.pem"
    both.write_bytes(cert.read_bytes() + key.read_bytes())
    for options in (f"ssl_certfile={cert}&ssl_keyfile={key}", f"ssl_certfile={both}"):
        with Client(f"{place}&{options}&name=shop") as rt:
            assert rt.submit("pair").wait(timeout=20).state == "succeeded"


def test_an_encrypted_key_is_refused_and_waits_for_nobody(
    mutual: tuple[Proxy, Path, Path], tmp_path: Path
) -> None:
    proxy, cert, key = mutual
    locked = tmp_path / "locked.pem"
    subprocess.run(
        ["openssl", "pkcs8", "-topk8", "-in", key, "-passout", "pass:abcd", "-out", locked],
        check=True, capture_output=True,
    )  # fmt: skip
    script = (
        "import sys; from rtctl import Client\n"
        "try: Client(sys.argv[1]).ls()\n"
        "except Exception as error: print(error)\n"
    )
    url = f"rediss://localhost:{proxy.port}?ssl_certfile={cert}&ssl_keyfile={locked}"
    done = subprocess.run(
        ["setsid", "-w", BIN / "python", "-c", script, url], stdin=subprocess.DEVNULL,
        capture_output=True, text=True, timeout=30, check=False,
    )  # fmt: skip
    assert done.stdout.startswith(f"rediss://localhost:{proxy.port}/0: cannot use its certificate")
    assert "its key needs a passphrase" in done.stdout
    assert (done.stdout.count("\n"), done.stderr) == (1, "")


#: What redis-py takes in a URL, besides what rtd takes.
OTHERS = {
    "socket_timeout": "1", "socket_connect_timeout": "1", "socket_keepalive": "true",
    "retry_on_timeout": "true", "retry_on_error": "x", "max_connections": "3",
    "health_check_interval": "3", "timeout": "3", "protocol": "3", "client_name": "x",
    "ssl_ca_path": "/x", "ssl_ca_data": "x", "ssl_password": "s3cret", "ssl_min_version": "3",
    "ssl_ciphers": "x", "ssl_validate_ocsp": "true", "encoding": "x", "decode_responses": "true",
    "host": "h", "port": "1", "path": "/x", "virtual_host": "x",
}  # fmt: skip


@pytest.mark.parametrize(
    "option",
    [
        *(f"{name}={value}" for name, value in OTHERS.items()),
        "ssl_cert_reqs=optional", "ssl_check_hostname=maybe", "ssl_ca_certs=", "ssl_certfile=",
        "ssl_ca_certs", "ssl_keyfile=/x", "db=1&db=2",
        "ssl_check_hostname=true&ssl_cert_reqs=none", "SSL_CA_CERTS=/x",
    ],
)  # fmt: skip
def test_an_option_that_is_not_heeded_is_refused(option: str) -> None:
    for scheme in ("redis", "rediss"):
        with pytest.raises(ConfigError) as caught:
            Client(f"{scheme}://:s3cret@localhost:1/0?{option}")
        text = str(caught.value)
        assert option.partition("=")[0] in text
        assert "s3cret" not in text
        assert len(text.splitlines()) == 1


def test_a_daemon_refuses_such_an_option(prepare_daemon: DaemonMaker) -> None:
    daemon: Any = prepare_daemon()
    done = subprocess.run(
        [BIN / "rtd", "run"], cwd=daemon.cwd, capture_output=True, text=True, timeout=30,
        env={**daemon.env, "RTD_REDIS": "rediss://:s3cret@h/0?ssl_ca_path=/x"}, check=False,
    )  # fmt: skip
    assert done.returncode != 0
    assert "unknown option 'ssl_ca_path' in a rediss:// URL" in done.stderr
    assert "s3cret" not in done.stderr
