"""The identity of a daemon, with which the answers of `info` and `status` begin."""

import os
from typing import Any

from rtd.common.version import VERSION
from rtd.supervisor.core.context import SupervisorContext


def identity(context: SupervisorContext) -> dict[str, Any]:
    """Describe the daemon and the app that it serves, as both verbs declare it."""
    return {
        "version": VERSION,
        "pid": os.getpid(),
        "name": context.config.name,
        "node": context.config.node,
        "started_at": context.started_at,
        "draining": context.gate.is_draining,
        "app": context.app,
        "app_error": context.app_error,
    }
