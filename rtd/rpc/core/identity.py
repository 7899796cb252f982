"""Which daemon answers: what `info` and `status` begin with."""

import os
from importlib import metadata
from typing import Any

from rtd.supervisor.core.context import SupervisorContext


def identity(context: SupervisorContext) -> dict[str, Any]:
    """The daemon and the app that it serves, as both verbs declare them."""
    return {
        "version": metadata.version("rtd"),
        "pid": os.getpid(),
        "name": context.config.name,
        "node": context.config.node,
        "started_at": context.started_at,
        "draining": context.gate.is_draining,
        "app": context.app,
        "app_error": context.app_error,
    }
