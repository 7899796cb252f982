"""What the names of redis-tasks in `rt_settings` do, and what is said of those that do nothing."""

from pathlib import Path

import pytest

from rtd.common.errors import AppError, PolicyError
from rtd.conf import settings
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


CONFIGURED = """
from rtd import Session
from rtd.conf import settings
session = Session()
{}
"""


@pytest.mark.parametrize(
    "call",
    [
        "import conf; settings.configure(conf)",
        "settings.configure_from_dict({'RT_TIMEZONE': 'Asia/Tokyo', 'REDIS_URL': 'redis://db'})",
    ],
)
def test_a_program_may_configure_its_settings(project: Path, call: str) -> None:
    (project / "conf.py").write_text("TIMEZONE = 'Asia/Tokyo'\nREDIS_URL = 'redis://db'\n")
    (project / "app.py").write_text(CONFIGURED.format(call))
    session = load("app.py")
    assert session.config.timezone == "Asia/Tokyo"
    assert list(faults(session)) == ["REDIS_URL"]
    assert (settings.TIMEZONE, settings.RT_REDIS_URL) == ("Asia/Tokyo", "redis://db")
    with pytest.raises(PolicyError, match=r"configured already, by .*(conf.py|app.py:5)"):
        settings.configure_from_dict({})


def test_the_object_has_what_the_module_has(project: Path) -> None:
    with pytest.raises(AttributeError, match="there are none, or this is earlier"):
        settings.TIMEZONE  # noqa: B018
    loaded(project, "TIMEZONE = 'Asia/Tokyo'\n")
    assert settings.TIMEZONE == "Asia/Tokyo"
    with pytest.raises(AttributeError, match="TIMEZON is not set; did you mean 'TIMEZONE'"):
        settings.TIMEZON  # noqa: B018


def test_settings_from_two_places_are_an_error(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (project / "app.py").write_text(CONFIGURED.format("settings.configure_from_dict({})"))
    (project / "rt_settings.py").write_text("")
    with pytest.raises(AppError, match=r"app.py:5 configures the settings, but there is .*rt_set"):
        load("app.py")
    monkeypatch.setenv("RT_SETTINGS_MODULE", "rt_settings")
    with pytest.raises(AppError, match="but the variable RT_SETTINGS_MODULE names 'rt_settings'"):
        load("app.py")


def test_the_module_beside_the_app_may_be_the_one_that_it_configures(project: Path) -> None:
    (project / "app.py").write_text(
        CONFIGURED.format("import rt_settings; settings.configure(rt_settings)")
    )
    (project / "rt_settings.py").write_text("TIMEZONE = 'Asia/Tokyo'\n")
    assert load("app.py").config.timezone == "Asia/Tokyo"
