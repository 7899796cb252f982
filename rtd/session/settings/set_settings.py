"""Gives a session what its settings module has: time zone, limit of time, schedule. A setting that
has no effect becomes a fault, so that nothing is ignored in silence."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from rtd.common.errors import AppError, PolicyError
from rtd.common.units import read_positive_duration_s
from rtd.session.core.schedule_options import read_timezone
from rtd.session.core.session_state import SessionState
from rtd.session.settings.setting_names import ELSEWHERE, describe_setting
from rtd.session.settings.settings import SettingsModule

__all__ = ["set_settings"]

#: The kind of a fault about a setting.
KIND: Final = "settings"
TIMEZONE: Final = "TIMEZONE"
TIMEOUT: Final = "DEFAULT_TASK_TIMEOUT"


def set_settings(session: SessionState, settings: SettingsModule) -> None:
    """Let a session have the settings of its app's module. Call it when all tasks are declared.

    Raises:
        AppError: a value that cannot be used, or one that the session contradicts.
    """
    for name, value in settings.values.items():
        problem = describe_setting(name)
        if problem is not None and not (value is None and name in ELSEWHERE):
            session.add_fault(KIND, settings.written[name], f"{problem} ({settings.where})")
    _set_timezone(session, settings)
    if settings.values.get("SCHEDULE"):
        from rtd.session.settings.read_schedule import (
            declare_entries,  # lazy: it needs the language of conditions
        )

        declare_entries(session, settings)
    _set_timeouts(session, settings)


def _set_timezone(session: SessionState, settings: SettingsModule) -> None:
    given = settings.values.get(TIMEZONE)
    if given is None:
        return
    try:
        zone = read_timezone(given, settings.place_of(TIMEZONE))
    except PolicyError as error:
        raise AppError(error.sentence) from None
    other = session.config.timezone
    if other not in (None, zone):
        raise AppError(
            f"{settings.place_of(TIMEZONE)} is {zone!r}, but the session's timezone is {other!r};"
            " keep one of them"
        )
    session.config.timezone = zone


def _set_timeouts(session: SessionState, settings: SettingsModule) -> None:
    """Give a limit of time to all tasks that say none."""
    given = settings.values.get(TIMEOUT)
    if given is None:
        return
    try:
        timeout_s = read_positive_duration_s(given)
    except ValueError as error:
        raise AppError(f"{settings.place_of(TIMEOUT)}: {error}") from None
    for task in session.tasks.values():
        policies = task.definition.info.policies
        if policies.timeout_s is None:
            limited = replace(policies, timeout_s=timeout_s)
            task.definition = task.definition.with_info(policies=limited)
