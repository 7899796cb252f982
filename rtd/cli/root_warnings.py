"""The warnings of a daemon of root at its start: whom it gives its rights to."""

import os
from collections.abc import Iterator

from rtd.config.config import EMBEDDED, Config
from rtd.store.connection.url import parse_url


def root_warnings(config: Config) -> Iterator[str]:
    """Iterate over the warnings about a daemon of root; there are none about other users' daemons.

    Raises:
        ConfigError: the URL of Redis cannot be used.
    """
    if os.getuid() != 0:
        return
    what = "commands" if config.allow_commands else "the app's tasks"
    if config.group is not None:
        yield (
            f"members of the group {config.group!r} may run {what} as root:"
            " run rtd as a user of its own, if they need not be root"
        )
    if config.redis != EMBEDDED:
        yield (
            f"who may write to the Redis {parse_url(config.redis)} may run {what} as root:"
            " run rtd as a user of its own, or let no others write there"
        )
