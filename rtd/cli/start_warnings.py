"""The warnings at a start: to whom a daemon of root gives its rights, who can read a password,
which variables look like settings, which settings need an app."""

import os
from collections.abc import Iterator, Mapping
from typing import Any

from rtd.config.config import EMBEDDED, Config
from rtd.config.load_settings import unknown_variables
from rtd.config.redis_url import parse_url


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


def password_warnings(flags: Mapping[str, Any]) -> Iterator[str]:
    """Iterate over the warnings about settings that stand on the command line.

    Raises:
        ConfigError: the URL of Redis cannot be used.
    """
    redis = flags.get("redis", EMBEDDED)
    if redis != EMBEDDED and parse_url(str(redis)).password is not None:
        yield (
            "all users of this host can read the password of Redis on the command line:"
            " set RTD_REDIS instead, or redis in rtd.toml"
        )


def environment_warnings() -> Iterator[str]:
    """Iterate over the warnings about variables that look like settings of rtd and are none."""
    names = unknown_variables(os.environ)
    if names:
        yield (
            f"the environment has {', '.join(names)}: rtd has no such setting, and runs do not see"
            " variables that begin with RTD_"
        )


def app_warnings(config: Config, app: str | None) -> Iterator[str]:
    """Iterate over the warnings about settings for an app, where none is served."""
    if config.middleware and app is None:
        yield (
            f"{config.place_of('middleware')} has no effect: no app is served, and commands have no"
            " middleware"
        )
