"""A session as plain data, for the supervisor, which never imports it."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

from rtd.model.app_info import AppInfo, CustomConditionInfo, LoggedAction
from rtd.model.manifest import Manifest
from rtd.session.app.around_run import attach_run_hooks
from rtd.session.parameters.describe import describe_parameters
from rtd.session.task_log.log_record import is_logged
from rtd.session.tasks.code_fingerprint import code_fingerprints
from rtd.session.tasks.task_decorator import infos_with_timezone

if TYPE_CHECKING:
    from rtd.session.session import Session


def manifest_of(session: Session, app: str | None) -> Manifest:
    """Decide what the runs of its tasks are given and what is called around them, and tell
    everything about it.

    Args:
        app: how the app was named to the daemon.
    """
    config = session.config
    custom = _custom(session)  # first: it may make tasks
    attach_run_hooks(session)
    filled = describe_parameters(session)
    read_at = time.time()
    logged, log, past = _log(session)
    info = AppInfo(
        settings=config.settings,
        custom=custom,
        parameters=filled.parameters,
        returned=filled.returned,
        loaders=tuple(loader.info for loader in session.loaders),
        hooks=session.hooks.counts(),
        cycle_s=config.cycle_s,
        logged=logged,
        log=log,
        past=past,
        past_at=read_at,
        silence_task_prerun=config.silence_task_prerun,
        silence_cond_check=config.silence_cond_check,
        faults=(*session.faults, *filled.faults),
        code=code_fingerprints(session.tasks),
    )
    return Manifest.of(app, infos_with_timezone(session.tasks.values(), config.timezone), info)


def _custom(session: Session) -> dict[str, CustomConditionInfo]:
    """The conditions of the app's own that its tasks name."""
    if "rtd.session.core.custom_conditions" not in sys.modules:
        return {}  # it has declared none, and need not pay for the language
    from rtd.session.core.custom_conditions import conditions_in_use  # lazy: as above

    return conditions_in_use(session)


def _log(session: Session) -> tuple[bool, str, tuple[LoggedAction, ...] | None]:
    """Whether runs are logged, where that can be read, and what it tells of the past if that is
    to be taken from there."""
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
