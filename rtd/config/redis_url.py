"""The address of a Redis: `redis://`, `rediss://` and `unix://` URLs as a record."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import SplitResult, parse_qsl, quote, unquote, urlsplit

from rtd.common.errors import ConfigError
from rtd.config.paths import check_socket_path

if TYPE_CHECKING:
    from ssl import SSLContext

#: The options after a `?`. redis-py understands the same names.
_PLAIN: Final = frozenset({"db", "username", "password"})
_TLS: Final = frozenset({
    "ssl_ca_certs", "ssl_certfile", "ssl_keyfile", "ssl_cert_reqs", "ssl_check_hostname",
})  # fmt: skip
#: No part of the URL is named: Python takes a piece of such a password for a port or a path.
_UNREADABLE: Final = (
    "not a Redis URL: its host, port or password cannot be read; in a password `/`, `?`, `#`, `@`,"
    " `[`, `]` and `%` are written %2F, %3F, %23, %40, %5B, %5D and %25"
)


@dataclass(frozen=True, slots=True)
class RedisAddress:
    """A Redis server and how to log in.

    Exactly one of `path` (a Unix socket) and `host` is set. `tls` holds the `ssl_...`
    options of a `rediss://` URL, None for plain connections.
    """

    path: str | None = None
    host: str | None = None
    port: int = 6379
    db: int = 0
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    tls: dict[str, str] | None = None

    def __str__(self) -> str:
        """Return the address for people, without the password."""
        if self.path is not None:
            return f"unix://{self.path}" + (f"?db={self.db}" if self.db else "")
        scheme = "redis" if self.tls is None else "rediss"
        host = f"[{self.host}]" if ":" in (self.host or "") else self.host
        return f"{scheme}://{host}:{self.port}/{self.db}"

    def ssl_context(self) -> "SSLContext | None":
        """Return the TLS context of the socket; None for plain connections.

        Raises:
            ConfigError: a certificate or key file that cannot be read.
        """
        if self.tls is None:
            return None
        import ssl  # lazy: costs 10 ms and only rediss:// needs it

        options = self.tls
        try:
            context = ssl.create_default_context(cafile=options.get("ssl_ca_certs"))
            if "ssl_certfile" in options:
                files = options["ssl_certfile"], options.get("ssl_keyfile")
                context.load_cert_chain(*files, password=self._refuse_passphrase)
        except OSError as error:
            raise ConfigError(f"{self}: cannot use its certificate files: {error}") from None
        if options.get("ssl_cert_reqs", "required") == "none":
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        elif options.get("ssl_check_hostname") == "false":
            context.check_hostname = False
        return context

    def _refuse_passphrase(self) -> str:
        """Raise ConfigError: OpenSSL would wait for a passphrase on the terminal."""
        raise ConfigError(
            f"{self}: cannot use its certificate files: its key needs a passphrase; name one that"
            " needs none, which only the user of rtd can read"
        )


def unix_url(path: Path) -> str:
    """Return the URL of a Unix socket; its path may hold any character."""
    return f"unix://{quote(str(path))}"


def parse_url(url: str) -> RedisAddress:
    """Return the address of a URL.

    `redis://[[user]:password@]host[:port][/db]`, `rediss://` likewise with TLS (options
    `ssl_ca_certs`, `ssl_certfile`, `ssl_keyfile`, `ssl_cert_reqs=required|none`,
    `ssl_check_hostname=true|false`),
    `unix://[[user]:password@]/path/to.sock[?db=0]`.

    Raises:
        ConfigError: anything else, in one line that does not show the password.
    """
    parts, port = _split(url)
    if parts.scheme not in ("redis", "rediss", "unix"):
        raise ConfigError(
            f"not a Redis URL: it starts with {parts.scheme or 'nothing'!r}; "
            "rtd knows redis://, rediss:// and unix://"
        )
    options = _options(parts)
    username = options.pop("username", None) or _text(parts.username)
    password = options.pop("password", None) or _text(parts.password)
    named_db = options.pop("db", "")
    if parts.scheme == "unix":
        path = unquote(parts.path)
        if parts.hostname or not path.startswith("/"):
            raise ConfigError(
                "a unix:// URL needs an absolute path: unix:///run/redis.sock"
                " (`#`, `?` and `%` in it as %23, %3F and %25)"
            )
        check_socket_path(Path(path))
        db = _db(named_db)
        return RedisAddress(path=path, db=db, username=username, password=password)
    return RedisAddress(
        host=parts.hostname or "localhost",
        port=6379 if port is None else port,
        db=_db(named_db or parts.path.strip("/")),
        username=username,
        password=password,
        tls=options if parts.scheme == "rediss" else None,
    )


def _split(url: str) -> tuple[SplitResult, int | None]:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        is_range = str(error).startswith("Port out of range")
        raise ConfigError(f"not a Redis URL: {error}" if is_range else _UNREADABLE) from None
    if parts.scheme not in ("redis", "rediss", "unix"):
        return parts, port
    names = "".join(name for name, _ in parse_qsl(parts.query, keep_blank_values=True))
    strange = names if parts.scheme == "unix" else parts.path + names
    # What belongs to a password that was cut off, or would be ignored.
    if "@" in strange or parts.fragment or "://" not in url or port == 0:
        raise ConfigError(_UNREADABLE)
    return parts, port


def _text(part: str | None) -> str | None:
    return unquote(part) if part else None


def _db(text: str) -> int:
    if not text:
        return 0
    if not text.isdecimal():
        raise ConfigError(f"a Redis database is a number, not {text!r}")
    return int(text)


def _options(parts: SplitResult) -> dict[str, str]:
    pairs = parse_qsl(parts.query, keep_blank_values=True)
    options = dict(pairs)
    known = _PLAIN | _TLS if parts.scheme == "rediss" else _PLAIN
    for name in options:
        if name not in known:
            raise ConfigError(
                f"unknown option {name!r} in a {parts.scheme}:// URL; "
                f"known are: {', '.join(sorted(known))}"
            )
    for name, value in options.items():
        if [found for found, _ in pairs].count(name) > 1:
            raise ConfigError(f"more than one option {name!r} in a {parts.scheme}:// URL")
        if name in _TLS and not value:
            raise ConfigError(f"the option {name!r} in a rediss:// URL is empty")
    _check_tls(options)
    return options


def _check_tls(options: Mapping[str, str]) -> None:
    """Refuse values and combinations that would not be heeded. Raises ConfigError."""
    if options.get("ssl_cert_reqs", "required") not in ("required", "none"):
        raise ConfigError("ssl_cert_reqs must be 'required' or 'none'")
    checks = options.get("ssl_check_hostname", "false")
    if checks not in ("true", "false"):
        raise ConfigError("ssl_check_hostname must be 'true' or 'false'")
    if checks == "true" and options.get("ssl_cert_reqs") == "none":
        raise ConfigError("ssl_check_hostname=true needs ssl_cert_reqs=required")
    if "ssl_keyfile" in options and "ssl_certfile" not in options:
        raise ConfigError("ssl_keyfile is the key of ssl_certfile, which the URL does not name")
