"""The level of the daemon's log, from the environment."""

import os
from typing import Final

from rtd.common.errors import ConfigError

LEVELS: Final = ("debug", "info", "warning", "error")


def log_level() -> str:
    """Return the level that `RTD_LOG_LEVEL` names. Raises ConfigError."""
    level = os.environ.get("RTD_LOG_LEVEL") or "info"
    if level.lower() not in LEVELS:
        raise ConfigError(
            f"the variable RTD_LOG_LEVEL: {level!r:.60} is none of {', '.join(LEVELS)}"
        )
    return level
