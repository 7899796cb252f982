"""What the names of redis-tasks in `rt_settings` do, and what is said of those that do nothing."""

from pathlib import Path

import pytest

from rtd.common.errors import AppError
from rtd.session.app.load_app import load
from rtd.session.session import Session

APP = """
from rtd import Session
session = Session({})
@session.task(timeout="2 min")
def short(): ...
@session.task
def long(): ...
"""


def loaded(project: Path, settings: str, session: str = "") -> Session:
    (project / "app.py").write_text(APP.format(session))
    (project / "rt_settings.py").write_text(settings)
    return load("app.py")


def faults(session: Session) -> dict[str, str]:
    return {fault.what: fault.message for fault in session.faults if fault.kind == "settings"}


def test_the_timezone_is_the_session_s(project: Path) -> None:
    session = loaded(project, "TIMEZONE = 'Europe/Helsinki'\n")
    assert session.config.timezone == "Europe/Helsinki"
    assert faults(session) == {}


@pytest.mark.parametrize(
    ("settings", "session", "says"),
    [
        ("TIMEZONE = 'Mars/Base'", "", "TIMEZONE in .*: no time zone is named 'Mars/Base'"),
        ("RT_TIMEZONE = 'UTC'", "timezone='Asia/Tokyo'", "RT_TIMEZONE in .*'UTC'.*'Asia/Tokyo'"),
        ("DEFAULT_TASK_TIMEOUT = 0", "", "DEFAULT_TASK_TIMEOUT in .*: "),
        ("DEFAULT_TASK_TIMEOUT = 'soon'", "", "DEFAULT_TASK_TIMEOUT in .*: 'soon'"),
        ("TIMEZONE = 'UTC'\nRT_TIMEZONE = 'UTC'", "", "has both TIMEZONE and RT_TIMEZONE"),
    ],
)
def test_a_value_that_cannot_be_used_is_an_error(
    project: Path, settings: str, session: str, says: str
) -> None:
    with pytest.raises(AppError, match=says):
        loaded(project, settings, session)


def test_the_timeout_is_that_of_tasks_that_say_none(project: Path) -> None:
    session = loaded(project, "DEFAULT_TASK_TIMEOUT = 60 * 60\n")
    limits = {task.name: task.definition.info.policies.timeout_s for task in session}
    assert limits == {"short": 120.0, "long": 3600.0}


def test_what_has_another_name_or_none_is_said(project: Path) -> None:
    session = loaded(
        project,
        "REDIS_URL = 'redis://db'\nRT_EXPIRING_REGISTRIES_TTL = 5\nMIDDLEWARES = []\nFOO = None\n"
        "WORKER_PRELOAD_FUNCTION = None\nMAINTENANCE_FREQ = 60\n_PRIVATE = 1\nlower = 2\n",
    )
    found = faults(session)
    assert sorted(found) == [
        "FOO", "MAINTENANCE_FREQ", "MIDDLEWARES", "REDIS_URL", "RT_EXPIRING_REGISTRIES_TTL",
    ]  # fmt: skip
    assert "rtd run --redis URL" in found["REDIS_URL"]
    assert "`retention`" in found["RT_EXPIRING_REGISTRIES_TTL"]
    assert "no such setting; did you mean 'MIDDLEWARE'?" in found["MIDDLEWARES"]
    assert "it reads MIDDLEWARE, TIMEZONE" in found["FOO"]
    assert all(text.endswith("/rt_settings.py)") for text in found.values())


def test_of_django_s_settings_only_those_with_the_prefix_are_read(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (project / "site_settings.py").write_text(
        "INSTALLED_APPS = []\nDEBUG = True\nMIDDLEWARE = ['django.Some']\nTIME_ZONE = 'UTC'\n"
        "RT_TIMEZONE = 'Asia/Tokyo'\nRT_DEBUG = True\n"
    )
    monkeypatch.setenv("RT_SETTINGS_MODULE", "site_settings")
    session = loaded(project, "")
    assert session.config.timezone == "Asia/Tokyo"
    assert sorted(faults(session)) == ["RT_DEBUG"]
    assert session.middleware == ()
