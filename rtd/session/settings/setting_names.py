"""The settings of redis-tasks, and rtd's word for each that rtd has under another name."""

from typing import Final

from rtd.common.did_you_mean import did_you_mean

#: Settings that rtd reads. `MIDDLEWARE` is read by `rtd.session.middleware.load_middleware`.
READ: Final = (
    "MIDDLEWARE",
    "TIMEZONE",
    "DEFAULT_TASK_TIMEOUT",
    "SCHEDULE",
    "SCHEDULER_QUEUE",
    "SCHEDULER_MAX_CATCHUP",
)
_DEAD: Final = (
    "rtd needs no such time: it knows at once when an executor ends, and other nodes by leases"
)
_LONG: Final = "rtd keeps all ended runs alike; `rtctl ls` and `rtctl show` say how long each ran"
#: The others: what to do instead.
ELSEWHERE: Final = {
    "REDIS_URL": "in rtd it is the setting `redis` of the daemon: in rtd.toml, as RTD_REDIS, or"
    " rtd run --redis URL",
    "REDIS_PREFIX": "in rtd it is the setting `name` of the daemon: in rtd.toml, as RTD_NAME, or"
    " rtd run --name NAME",
    "EXPIRING_REGISTRIES_TTL": "in rtd it is the setting `retention`:"
    " App(config={'retention': '7 days'}), or in rtd.toml",
    "DEAD_WORKER_TTL": _DEAD,
    "WORKER_HEARTBEAT_FREQ": _DEAD,
    "WORKER_HEARTBEAT_TIMEOUT": _DEAD,
    "MAINTENANCE_FREQ": _DEAD,
    "WORKER_PRELOAD_FUNCTION": "in rtd the app's import is that: what it imports, all executors"
    " have; or decorate a function with @Scheduler.hook_startup of rtd.core",
    "WORKER_DESCRIPTION_FUNCTION": "in rtd a daemon is called by the setting `node`, and `rtctl"
    " status` lists its executors",
    "SCHEDULER_TIMEZONE": "write TIMEZONE, or App(timezone=...)",
    "SENTRY_INSTANCE": "call sentry_sdk.init() in the app, and report in a middleware's"
    " process_outcome",
    "USE_LONG_TASK_REGISTRY": _LONG,
    "LONG_TASK_DURATION": _LONG,
}


def describe_setting(name: str) -> str | None:
    """Return a sentence on a setting that has no effect; None for one that rtd reads."""
    if name in READ:
        return None
    if name in ELSEWHERE:
        return ELSEWHERE[name]
    hint = did_you_mean(name, (*READ, *ELSEWHERE), f"it reads {', '.join(READ)}")
    return f"rtd reads no such setting{hint}"
