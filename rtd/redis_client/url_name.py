"""The URL of a client: that of a Redis, and the name of the workers' namespace in it."""

from typing import Final
from urllib.parse import unquote

from rtd.common.errors import ConfigError
from rtd.config.config import Config

_NAME: Final = "name="


def split_name(url: str, name: str | None) -> tuple[str, str]:
    """Return the URL without its option `name`, and the name of the namespace.

    Args:
        url: `redis://host:6379/0?name=shop`.
        name: the same as an argument; None: that of the URL, else the default of a daemon.

    Raises:
        ConfigError: both name one, and not the same; a name that cannot be one.
    """
    head, mark, query = url.partition("?")
    options = query.split("&") if mark else []
    named = [unquote(one.removeprefix(_NAME)) for one in options if one.startswith(_NAME)]
    rest = [one for one in options if not one.startswith(_NAME)]
    names = {*named, *([] if name is None else [name])}
    if len(names) > 1:
        raise ConfigError(f"more than one name of the workers: {', '.join(sorted(names))}")
    found = names.pop() if names else Config().name
    if not isinstance(found, str) or not found or set(found) & set("{}"):
        raise ConfigError(f"name: {found!r:.60} is no `name` of a daemon")
    return head + ("?" + "&".join(rest) if rest else ""), found
