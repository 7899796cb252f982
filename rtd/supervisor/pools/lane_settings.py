"""The bounds of a lane, and the options of its executors."""

import dataclasses
from typing import Any, Final

from rtd.config.config import LaneConfig
from rtd.model.lanes import LOG_LANE, MAIN_LANE
from rtd.supervisor.core.context import SupervisorContext

_LOG_ON: Final = LaneConfig(min=1, max=1)
_LOG_OFF: Final = LaneConfig(min=0, max=0)


def lane_settings(context: SupervisorContext, lane: str) -> LaneConfig:
    """Return the bounds of a lane; without a task for it, it needs no executors in advance."""
    info = context.manifest.info
    if lane == LOG_LANE:
        return _LOG_ON if info.logged else _LOG_OFF
    used = {task.pool for task in context.manifest.tasks.values()}
    settings = context.config.lanes[lane]
    if lane == MAIN_LANE and (info.custom or any(info.hooks.values())):
        # It is used all the time, and generators among the hooks live in its process.
        return dataclasses.replace(settings, min=max(settings.min, min(1, settings.max)))
    if settings.min and (lane not in used or lane == "fresh"):
        return dataclasses.replace(settings, min=0)
    return settings


def executor_options(
    context: SupervisorContext, settings: LaneConfig, generation: int, idle_s: float
) -> dict[str, Any]:
    """Return the options of a new executor; see `rtd.executor.core.executor_options`.

    Args:
        settings: of its lane.
        generation: of its zygote.
        idle_s: how long it waits for work; 0: for ever.
    """
    config = context.config
    return {
        "generation": generation,
        "store_url": context.store_url,
        "namespace": config.name,
        "node": config.node,
        "output_dir": str(context.paths.output_dir),
        "concurrency": settings.concurrency,
        "max_runs": settings.max_runs,
        "max_memory_bytes": settings.max_memory_bytes,
        "idle_s": idle_s,
        "result_limit_bytes": config.limits.result_bytes,
        "run_limit_bytes": config.output.run_limit_bytes,
        "retention_s": config.retention_s,
        "history": config.history,
        "stop_grace_s": config.stop_grace_s,
        "allow_commands": config.allow_commands,
    }
