"""Options of other programs' tasks and submits, and rtd's options in their place.

The words are those of Celery, RQ, Dramatiq, Huey, arq, APScheduler, supervisord and systemd.
Imported only for a mistake.
"""

from __future__ import annotations

from typing import Final, Literal, NamedTuple

#: Where an option stands: in the declaration of a task, or at a submit.
Place = Literal["task", "submit"]


class OtherOption(NamedTuple):
    """An option in the place of one of another program.

    Attributes:
        example: the option with a value, as Python writes it; empty: there is none.
        places: where it may stand.
        note: a further sentence.
    """

    example: str
    places: tuple[Place, ...] = ("task", "submit")
    note: str = ""


#: What other libraries call a submit.
QUEUE_CALLS: Final = frozenset(
    {
        "apply_async", "defer", "delay", "enqueue", "enqueue_at", "enqueue_in", "enqueue_job",
        "kiq", "queue", "schedule", "send", "send_with_options", "submit",
    }
)  # fmt: skip
#: What other libraries call an attribute of a run, and rtd's own.
RUN_WORDS: Final = {
    "abort": "cancel()", "failed": "ended and ok", "get": "result(timeout=10)",
    "get_id": "id", "get_status": "state", "info": "progress", "is_failed": "ended and ok",
    "is_finished": "ended", "is_success": "ok", "join": "wait(timeout=10)",
    "latest_result": "result()", "ready": "ended", "return_value": "result()", "revoke": "cancel()",
    "status": "state", "successful": "ok", "task_id": "id", "traceback": "error",
}  # fmt: skip
_TASK: Final[tuple[Place, ...]] = ("task",)
_SUBMIT: Final[tuple[Place, ...]] = ("submit",)

_TIMEOUT: Final = OtherOption("timeout='10 minutes'")
_SOFT: Final = OtherOption(
    "timeout='10 minutes', stop_grace='30 seconds'", note="the task gets rtd.Stopped first"
)
_RATE: Final = OtherOption(
    "max_concurrency=1", note="there is no rate limit; this limits runs at once"
)
_RETRIES: Final = OtherOption("retries=3")
_BACKOFF: Final = OtherOption("retries=3, backoff='10 seconds'")
_SCHEDULE: Final = OtherOption("start_cond='cron 0 2 * * *'", _TASK, "or 'every 10 minutes'")
_INTERVAL: Final = OtherOption("start_cond='every 10 minutes'", _TASK)
_INSTANCES: Final = OtherOption("max_concurrency=1")
_UNIQUE: Final = OtherOption(
    "overlap=False", _TASK, "for one submit that may be repeated: key='order-7' at the submit"
)
_AFTER: Final = OtherOption(
    "start_cond=\"after task 'other' succeeded\"", _TASK, "it stands in the task that follows"
)
_AFTER_FAILURE: Final = OtherOption(
    "start_cond=\"after task 'other' failed\"", _TASK, "it stands in the task that follows"
)
_DELAY: Final = OtherOption("delay='10 seconds'", _SUBMIT)
_AT: Final = OtherOption("at=datetime(2030, 1, 31, 8, 0)", _SUBMIT)
_EXPIRES: Final = OtherOption("expires='1 hour'")
_QUEUE: Final = OtherOption("queue='mail'")
_KEY: Final = OtherOption("key='order-7'", _SUBMIT)
_LOST: Final = OtherOption(
    "on_lost='requeue'", note="a run leaves Redis only when its outcome is written"
)
_CATCH_UP: Final = OtherOption("catch_up='within 10 minutes'", _TASK)
_SERVICE: Final = OtherOption(
    "start_cond='always'", _TASK, "app.start_local_task('name') keeps one run running on each node"
)
_CONTEXT: Final = OtherOption("", note="rtd.current_run() is the run, inside of the task")
_RESULTS: Final = OtherOption(
    "", note="results are kept as long as the record: the setting retention = '7 days'"
)
_WORKERS: Final = OtherOption(
    "max_concurrency=4", note="the setting lanes.process.max says how many processes there are"
)
_GRACE: Final = OtherOption("stop_grace='30 seconds'")
_MEMORY: Final = OtherOption("memory_limit='512M'")
_PARAMETERS: Final = OtherOption("parameters={'day': '2026-01-31'}", _TASK)
_PACKED: Final = OtherOption("", note="values are stored as MessagePack; there is nothing to set")

OTHER_OPTIONS: Final[dict[str, OtherOption]] = {
    "ack_late": _LOST,
    "acks_late": _LOST,
    "acks_on_failure_or_timeout": _LOST,
    "actor_name": OtherOption("name='report'", _TASK),
    "args": _PARAMETERS,
    "at_front": OtherOption("priority=100"),
    "autorestart": _SERVICE,
    "autoretry_for": OtherOption("retries=3, retry_on=(ConnectionError,)"),
    "autostart": _SERVICE,
    "base": OtherOption("", _TASK, "a class task is a class with start(): from rtd import Task"),
    "bind": _CONTEXT,
    "coalesce": OtherOption("catch_up='last'", _TASK),
    "concurrency": _WORKERS,
    "countdown": _DELAY,
    "cron": _SCHEDULE,
    "cron_string": _SCHEDULE,
    "crontab": _SCHEDULE,
    "default_retry_delay": _BACKOFF,
    "depends_on": _AFTER,
    "directory": OtherOption("cwd='/srv/shop'", _TASK, "an option of commands"),
    "dont_autoretry_for": OtherOption("retries=3, no_retry_on=(ValueError,)"),
    "environment": OtherOption("env={'MODE': 'live'}", _TASK, "an option of commands"),
    "eta": _AT,
    "expiration": _EXPIRES,
    "expire": _EXPIRES,
    "expires_in": _EXPIRES,
    "failure_ttl": _RESULTS,
    "graceful_timeout": _GRACE,
    "hard_time_limit": _TIMEOUT,
    "ignore_result": _RESULTS,
    "interval": _INTERVAL,
    "job_id": _KEY,
    "job_timeout": _TIMEOUT,
    "job_try": _CONTEXT,
    "keep_result": _RESULTS,
    "kwargs": _PARAMETERS,
    "link": _AFTER,
    "link_error": _AFTER_FAILURE,
    "max_age": _EXPIRES,
    "max_backoff": OtherOption("retries=3, backoff_cap='10 minutes'"),
    "max_instances": _INSTANCES,
    "max_memory": _MEMORY,
    "max_retries": _RETRIES,
    "max_tries": _RETRIES,
    "mem_limit": _MEMORY,
    "meta": OtherOption("headers={'request': 'r-17'}", _SUBMIT),
    "min_backoff": _BACKOFF,
    "misfire_grace_time": _CATCH_UP,
    "next_run_time": _AT,
    "numprocs": _WORKERS,
    "on_error": _AFTER_FAILURE,
    "on_failure": _AFTER_FAILURE,
    "on_success": _AFTER,
    "pickle": _PACKED,
    "pool": OtherOption("lane='thread'", _TASK),
    "queue_name": _QUEUE,
    "rate_limit": _RATE,
    "reject_on_worker_lost": _LOST,
    "reentrant": _LOST,
    "repeat": _INTERVAL,
    "restart": _SERVICE,
    "result_ttl": _RESULTS,
    "retry": _RETRIES,
    "retry_backoff": _BACKOFF,
    "retry_backoff_max": OtherOption("retries=3, backoff_cap='10 minutes'"),
    "retry_delay": _BACKOFF,
    "retry_for": OtherOption("retries=3, retry_on=(ConnectionError,)"),
    "retry_jitter": OtherOption("retries=3, jitter=0.5"),
    "retry_kwargs": _RETRIES,
    "retry_policy": _RETRIES,
    "routing_key": _QUEUE,
    "run_at": _AT,
    "run_date": _AT,
    "run_every": _INTERVAL,
    "schedule": _SCHEDULE,
    "serializer": _PACKED,
    "shared": OtherOption("", _TASK, "all tasks of an app are in its App()"),
    "singleton": _UNIQUE,
    "soft_time_limit": _SOFT,
    "startsecs": _SERVICE,
    "startretries": _SERVICE,
    "stopsignal": _GRACE,
    "stopwaitsecs": _GRACE,
    "store_results": _RESULTS,
    "task_id": _KEY,
    "throws": OtherOption("", _TASK, "an expected failure is `raise rtd.Error('why')`"),
    "time_limit": _TIMEOUT,
    "track_started": OtherOption("", note="every run is in `rtctl ls`, also while it runs"),
    "trigger": _SCHEDULE,
    "ttl": _EXPIRES,
    "unique": _UNIQUE,
    "worker": OtherOption("lane='process'", _TASK),
}
#: Said in a place where rtd's option does not stand.
_OTHER_PLACE: Final[dict[Place, str]] = {
    "task": "it is an option of the submit: rt.task('name', {}).submit(...)",
    "submit": "it is an option of the task: @app.task({})",
}


_FLAGS: Final = {"delay": "in", "headers": "header"}


def is_schedule(name: str) -> bool:
    """Whether an option of another program says when a task starts."""
    return OTHER_OPTIONS.get(name) in (_SCHEDULE, _INTERVAL)


def rtd_option(name: str, place: Place, example: str = "") -> str:
    """Return what to write instead of an option of another program, to be put behind the sentence
    that refuses it; empty: the name is not known.

    Args:
        name: the option as it was written.
        place: where.
        example: the option of rtd with a value, if a better one is known than that of the list.
    """
    found = OTHER_OPTIONS.get(name)
    if found is None:
        return ""
    texts = []
    if found.example and place in found.places:
        texts.append(f"write {example or found.example}")
    elif found.example:
        texts.append(_OTHER_PLACE[place].format(example or found.example))
    if found.note and not example:
        texts.append(found.note)
    return f"; {'; '.join(texts)}"


def rtd_flags(name: str) -> str:
    """Return what to write instead of a flag of another program, as `rtd_option` does."""
    name = name.lstrip("-").replace("-", "_")
    found = OTHER_OPTIONS.get(name)
    if found is None or not found.example or "submit" not in found.places:
        return rtd_option(name, "submit")
    import ast  # lazy: only for a mistake

    call = ast.parse(f"f({found.example})", mode="eval").body
    assert isinstance(call, ast.Call)
    flags = [_flag(str(word.arg), ast.unparse(word.value)) for word in call.keywords]
    note = f"; {found.note}" if found.note else ""
    return f"; write {' '.join(flags)}{note}"


def _flag(option: str, value: str) -> str:
    if option == "at":
        value = "'2030-01-31 08:00'"
    elif option == "headers":
        value = "request=r-17"
    name = _FLAGS.get(option, option).replace("_", "-")
    return f"--{name} {value.strip('(,)')}"
