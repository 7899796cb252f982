"""A session as plain data, for the supervisor, which never imports it."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from rtd.common.errors import PolicyError, RtdError
from rtd.common.msgpack_values import pack
from rtd.model.app_info import AppInfo, CustomConditionInfo, LocalTaskInfo, LoggedAction
from rtd.model.manifest import CHECK_LISTS, Manifest, TaskInfo, check_params
from rtd.session.app.around_run import attach_run_hooks
from rtd.session.app.host_faults import find_host_faults
from rtd.session.core.session_state import SessionState, SessionTask
from rtd.session.middleware.attach import attach_middleware
from rtd.session.parameters.describe import describe_parameters
from rtd.session.task_log.log_record import is_logged
from rtd.session.tasks.code_fingerprint import code_fingerprints
from rtd.session.tasks.func_task import declare_task


def manifest_of(session: SessionState, app: str | None = None) -> Manifest:
    """Complete the definitions of a session's tasks and describe the session.

    Makes the tasks of its `TaskCond`s, and sets the parameters and hooks of each task's runs.

    Args:
        session: of the app.
        app: the app's name, as the daemon got it.
    """
    config = session.config
    custom = _custom(session)  # first: it may make tasks
    attach_run_hooks(session)
    attach_middleware(session)
    _attach_run_scope(session)
    described = describe_parameters(session)
    read_at = time.time()
    logged, log, past = _log(session)
    info = AppInfo(
        settings=config.settings,
        custom=custom,
        parameters=described.parameters,
        returned=described.returned,
        loaders=tuple(loader.info for loader in session.loaders),
        hooks=session.hooks.counts(),
        cycle_s=config.cycle_s,
        logged=logged,
        log=log,
        past=past,
        past_at=read_at,
        silence_task_prerun=config.silence_task_prerun,
        silence_cond_check=config.silence_cond_check,
        faults=(*session.faults, *described.faults, *find_host_faults(session)),
        hears_outcomes=any(entry.has_process_outcome for entry in session.middleware),
        code=code_fingerprints(session.tasks),
    )
    manifest = Manifest.of(app, _task_infos(session), info)
    if not session.local_tasks:
        return manifest
    return replace(manifest, info=replace(info, local_tasks=_local_tasks(session, manifest)))


def _local_tasks(session: SessionState, manifest: Manifest) -> tuple[LocalTaskInfo, ...]:
    """Return the local tasks. Raises PolicyError: there is no such task, or it takes others."""
    found = []
    for local in session.local_tasks:
        try:
            check_params(manifest.find(local.task, CHECK_LISTS), local.data)
            found.append(LocalTaskInfo(local.task, pack(local.data, local.task)))
        except RtdError as error:
            raise PolicyError(f"start_local_task: {error.sentence} ({local.source})") from None
    return tuple(found)


def _attach_run_scope(session: SessionState) -> None:
    """Set the context around the runs of every Python task."""
    if session.run_scope is None:
        return
    for task in session.tasks.values():
        if task.definition.command is None:
            task.definition = replace(task.definition, run_scope=session.run_scope)


def _task_infos(session: SessionState) -> list[TaskInfo]:
    """Return what the supervisor knows of the tasks, each with a time zone if the session has
    one."""
    infos = [task.definition.info for task in session.tasks.values()]
    timezone = session.config.timezone
    if timezone is None:
        return infos
    return [
        info
        if info.schedule.timezone is not None
        else replace(info, schedule=replace(info.schedule, timezone=timezone))
        for info in infos
    ]


def _custom(session: SessionState) -> dict[str, CustomConditionInfo]:
    """Return the custom conditions that the session's tasks name."""
    if "rtd.session.core.custom_conditions" not in sys.modules:
        return {}  # the app has declared none, and need not pay for the language
    from rtd.session.core.condition_registry import conditions_in_use  # lazy: as above

    def declare(name: str, function: Callable[..., Any], options: Mapping[str, Any]) -> SessionTask:
        rest = dict(options)
        lane = rest.pop("lane", None)
        return declare_task(session, function, name=name, lane=lane, options=rest)

    return conditions_in_use(session.tasks, declare)


def _log(session: SessionState) -> tuple[bool, str, tuple[LoggedAction, ...] | None]:
    """Return whether runs are logged, where the log can be read, and the latest events from it
    if the session restores statuses from its log."""
    if not is_logged():
        return False, "", None
    from rtd.session.task_log import (
        read_task_log,  # lazy: many apps do not log their runs
        schemes,  # lazy: many apps do not log their runs
    )

    log, past = schemes.log_location(), None
    if log and session.config.force_status_from_logs:
        try:
            past = read_task_log.latest_events()
        except Exception as error:
            session.record_fault("log", log, error)
    return True, log, past
