"""Redis URLs: what they mean, and what is refused in words."""

import ssl
from pathlib import Path

import pytest

from rtd.common.errors import ConfigError
from rtd.config.redis_url import RedisAddress, parse_url


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("redis://", RedisAddress(host="localhost")),
        ("redis://example.org", RedisAddress(host="example.org")),
        ("redis://example.org:7000/3", RedisAddress(host="example.org", port=7000, db=3)),
        ("redis://[::1]:7000", RedisAddress(host="::1", port=7000)),
        ("redis://:p%40ss@h", RedisAddress(host="h", password="p@ss")),
        ("redis://anna:x@h/1", RedisAddress(host="h", username="anna", password="x", db=1)),
        ("redis://h?db=2&password=x", RedisAddress(host="h", db=2, password="x")),
        ("rediss://h", RedisAddress(host="h", tls={})),
        ("unix:///run/r.sock", RedisAddress(path="/run/r.sock")),
        ("unix://u:p@/run/r%20x.sock?db=4", RedisAddress(
            path="/run/r x.sock", db=4, username="u", password="p")),
    ],
)  # fmt: skip
def test_a_url_means_an_address(url: str, address: RedisAddress) -> None:
    assert parse_url(url) == address


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("example.org:6379", "it starts with 'example.org'"),
        ("", "it starts with 'nothing'"),
        ("http://h", "rtd knows redis://, rediss:// and unix://"),
        ("redis://h:99999", "not a Redis URL: Port out of range"),
        ("redis://h/first", "a Redis database is a number, not 'first'"),
        ("unix://run/r.sock", "a unix:// URL needs an absolute path: unix:///run"),
        ("unix://?db=1", "a unix:// URL needs an absolute path"),
        ("redis://h?timeout=3", "unknown option 'timeout' in a redis:// URL"),
        ("redis://h?ssl_ca_certs=x", "unknown option 'ssl_ca_certs' in a redis:// URL"),
        ("rediss://h?ssl_cert_reqs=maybe", "must be 'required' or 'none'"),
    ],
)
def test_a_wrong_url_says_why(url: str, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        parse_url(url)


def test_a_password_is_never_shown() -> None:
    address = parse_url("redis://anna:secret@h:1/2")
    assert "secret" not in f"{address} {address!r}"
    assert str(address) == "redis://h:1/2"
    with pytest.raises(ConfigError) as caught:
        parse_url("redis://anna:secret@h/x")
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("url", ["redis://h:1/0", "rediss://[::1]:2/3", "unix:///a/b?db=1"])
def test_an_address_reads_like_its_url(url: str) -> None:
    assert str(parse_url(url)) == url


def test_tls_checks_the_server_unless_told_not_to() -> None:
    assert parse_url("redis://h").ssl_context() is None
    strict = parse_url("rediss://h").ssl_context()
    assert strict is not None
    assert (strict.check_hostname, strict.verify_mode) == (True, ssl.CERT_REQUIRED)
    loose = parse_url("rediss://h?ssl_cert_reqs=none").ssl_context()
    assert loose is not None
    assert loose.verify_mode == ssl.CERT_NONE


def test_a_missing_certificate_file_is_named(tmp_path: Path) -> None:
    address = parse_url(f"rediss://h?ssl_ca_certs={tmp_path}/none.pem")
    with pytest.raises(ConfigError, match="cannot use its certificate files"):
        address.ssl_context()


@pytest.mark.parametrize(
    "url",
    [
        "redis://anna:SE/CRET@h:1", "redis://anna:SECRET#1@h", "redis://:12/SECRET@h",
        "redis://:1?SECRET@h/0", "redis://:SECRET\u2100@h", "redis://:SE[CRET@h",
        "redis://anna:SECRET@[h", "redis:SECRET", "redis://:SECRET@h:0", "redis://h/0#SECRET",
    ],
)  # fmt: skip
def test_a_password_that_is_not_escaped_is_not_shown(url: str) -> None:
    """Python takes a part of it for the port, the path or an option."""
    with pytest.raises(ConfigError, match=r"in a password .* are written %2F") as caught:
        parse_url(url)
    assert "SE" not in str(caught.value).replace("Redis", "")
    assert "CRET" not in str(caught.value)


def test_an_escaped_password_is_read() -> None:
    address = parse_url("redis://:%2F%3F%23%40%5B%5D%25@h:1")
    assert address.password == "/?#@[]%"
