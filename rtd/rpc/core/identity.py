"""Which daemon answers: what `info` and `status` begin with."""

import os
from importlib import metadata
from typing import Any

from rtd.supervisor.core.context import Core


def identity(core: Core) -> dict[str, Any]:
    """The daemon and the app that it serves, as both verbs declare them."""
    return {
        "version": metadata.version("rtd"),
        "pid": os.getpid(),
        "name": core.config.name,
        "node": core.config.node,
        "started_at": core.started_at,
        "draining": core.draining,
        "app": core.app,
        "app_error": core.app_error,
    }
