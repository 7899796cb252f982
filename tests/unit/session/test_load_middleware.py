"""Where middleware comes from, and what is wrong with it, in one line."""

import sys
from pathlib import Path
from typing import Any

import pytest

from rtd.common.errors import AppError, ConfigError, PolicyError
from rtd.config.load_settings import load_config
from rtd.session.app.load_app import load
from rtd.session.middleware.entries import MiddlewareEntry
from rtd.session.middleware.load_middleware import load_middleware
from rtd.session.session import Session

WARES = """
made = []

class Sleep:
    def __init__(self):
        made.append(self)
    def run_task(self, task, run, args, kwargs):
        run(*args, **kwargs)

class Report:
    def process_outcome(self, task, *exc_info):
        pass

class Awaited:
    async def run_task(self, task, run, args, kwargs):
        await run(*args, **kwargs)
    async def process_outcome(self, task, kind, error, traceback):
        pass

class Plain:
    pass

class Plural:
    def run_tasks(self, task, run, args, kwargs):
        pass

class Plurals:
    def process_outcomes(self, task, *exc_info):
        pass

class Short:
    def run_task(self, task, run):
        pass

class NoError:
    def process_outcome(self, task):
        pass

class Yields:
    def run_task(self, task, run, args, kwargs):
        yield

class NoMethod:
    run_task = 3

class Raises:
    def __init__(self):
        raise OSError("no mail server")

class Exits:
    def __init__(self):
        raise SystemExit(2)

class Hidden:
    @property
    def run_task(self):
        return self.missing.value

class Refuses:
    @property
    def process_outcome(self):
        raise ValueError("not here")

class Needs:
    def __init__(self, url):
        pass

a_text = "Sleep"
"""
APP = "from rtd import Session\nsession = Session({})\n"


@pytest.fixture(autouse=True)
def wares(project: Path) -> None:
    """The project's middleware."""
    (project / "wares.py").write_text(WARES)
    (project / "app.py").write_text(APP.format(""))


class Timed:
    """A class of the app itself."""

    def run_task(self, task: Any, run: Any, args: Any, kwargs: Any) -> None:
        run(*args, **kwargs)


def error_of(given: Any) -> str:
    with pytest.raises(AppError) as caught:
        load_middleware(Session(middleware=[given]))
    assert "\n" not in caught.value.sentence
    return caught.value.sentence


def test_a_text_a_class_and_a_factory_are_found_in_their_order() -> None:
    def factory() -> Timed:
        return Timed()

    session = Session(middleware=["wares.Sleep", Timed, factory, "wares.Report", "wares.Awaited"])
    entries = load_middleware(session)
    assert [entry.name for entry in entries] == [
        "wares.Sleep",
        f"{__name__}.Timed",
        f"{__name__}.{factory.__qualname__}",
        "wares.Report",
        "wares.Awaited",
    ]
    assert [tuple(entry[2:6]) for entry in entries] == [
        (True, False, False, False),
        (True, False, False, False),
        (True, False, False, False),
        (False, False, True, False),
        (True, True, True, True),
    ]
    assert isinstance(entries[2].make(), Timed)
    assert len(sys.modules["wares"].made) == 1  # each is made once when the app is loaded


def test_the_settings_and_the_daemon_s_configuration_are_sources(project: Path) -> None:
    assert load("app.py").middleware == ()
    assert [e.name for e in load("app.py", ["wares.Report"]).middleware] == ["wares.Report"]
    (project / "rt_settings.py").write_text('MIDDLEWARE = ["wares.Sleep", "wares.Report"]\n')
    entries = load("app.py").middleware
    assert all(isinstance(entry, MiddlewareEntry) for entry in entries)
    assert [entry.name for entry in entries] == ["wares.Sleep", "wares.Report"]


def test_the_variable_names_the_settings_module(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (project / "rt_settings.py").write_text('MIDDLEWARE = ["wares.Missing"]\n')
    (project / "conf").mkdir()
    (project / "conf" / "queue.py").write_text('RT_MIDDLEWARE = ("wares.Sleep",)\n')
    monkeypatch.setenv("RT_SETTINGS_MODULE", "conf.queue")
    assert [entry.name for entry in load("app.py").middleware] == ["wares.Sleep"]
    monkeypatch.setenv("RT_SETTINGS_MODULE", "conf.other")
    with pytest.raises(AppError, match=r"RT_SETTINGS_MODULE .* no module 'conf.other'"):
        load("app.py")


@pytest.mark.parametrize("place", ["shop", "."])
def test_the_settings_lie_beside_the_app_or_its_package(project: Path, place: str) -> None:
    (project / "shop").mkdir()
    (project / "shop" / "__init__.py").touch()
    (project / "shop" / "jobs.py").write_text(APP.format(""))
    (project / place / "rt_settings.py").write_text('MIDDLEWARE = ["wares.Sleep"]\n')
    for app in ("shop/jobs.py", "shop.jobs:session"):
        assert [entry.name for entry in load(app).middleware] == ["wares.Sleep"]


def test_two_sources_are_an_error_that_names_both(project: Path) -> None:
    (project / "app.py").write_text(APP.format("middleware=['wares.Sleep']"))
    with pytest.raises(AppError, match=r"App\(middleware=...\) and the daemon's setting"):
        load("app.py", ["wares.Report"])
    (project / "rt_settings.py").write_text("MIDDLEWARE = []\n")
    assert [entry.name for entry in load("app.py").middleware] == ["wares.Sleep"]
    del sys.modules["rt_settings"]
    (project / "rt_settings.py").write_text('RT_MIDDLEWARE = ["wares.Report"]\n')
    with pytest.raises(AppError, match=r"App\(.* and RT_MIDDLEWARE in .*rt_settings.py"):
        load("app.py")


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ("wares.Slep", "module 'wares' has no 'Slep'; did you mean 'Sleep'?"),
        ("ware.Sleep", "there is no module 'ware'"),
        ("Sleep", "it is no dotted name"),
        ("wares:Sleep", "it is no dotted name"),
        ("wares.a_text", "an object of str is no class"),
        ("wares.Plain", "Plain has neither run_task nor process_outcome"),
        ("wares.Plural", "it has 'run_tasks'; did you mean 'run_task'?"),
        ("wares.Plurals", "it has 'process_outcomes'; did you mean 'process_outcome'?"),
        ("wares.Short", "run_task must take (task, run, args, kwargs) beside self; it takes (task"),
        ("wares.NoError", "process_outcome must take (task, *exc_info) beside self; it takes (tas"),
        ("wares.Yields", "run_task is a generator"),
        ("wares.NoMethod", "run_task is an object of int, no method"),
        ("wares.Raises", "it cannot be made: OSError: no mail server ("),
        ("wares.Exits", "it cannot be made: SystemExit: 2"),
        ("wares.Hidden", "Hidden has neither run_task nor process_outcome"),
        ("wares.Refuses", "process_outcome: ValueError: not here ("),
        ("wares.Needs", "it needs arguments, (url), and rtd has none"),
    ],
)
def test_a_broken_one_is_named_with_its_place(given: str, says: str) -> None:
    text = error_of(given)
    assert text.startswith(f"middleware {given!r} (App(middleware=...)): ")
    assert says in text


def test_an_assignment_is_refused() -> None:
    session = Session()
    session.middleware = [Timed]  # type: ignore[assignment]
    with pytest.raises(AppError, match=r"write App\(middleware="):
        load_middleware(session)


def test_an_instance_is_no_class() -> None:
    assert "an object of Timed is no class" in error_of(Timed())


def test_a_module_that_does_not_import_is_named_with_its_line(project: Path) -> None:
    (project / "broken.py").write_text("import json\n1 / 0\n")
    assert "broken does not import: ZeroDivisionError" in error_of("broken.Any")
    assert f"({project}/broken.py, line 2)" in error_of("broken.Any")
    (project / "rt_settings.py").write_text("\nMIDDLEWARE = [unknown]\n")
    with pytest.raises(AppError, match=r"the settings .*/rt_settings.py do not import: NameError"):
        load("app.py")


def test_what_is_no_list_is_refused(project: Path) -> None:
    with pytest.raises(PolicyError, match=r"middleware: 'wares.Sleep' is no list"):
        Session(middleware="wares.Sleep")
    (project / "rt_settings.py").write_text('MIDDLEWARE = "wares.Sleep"\n')
    with pytest.raises(AppError, match=r"MIDDLEWARE in .*: 'wares.Sleep' is no list"):
        load("app.py")


def test_the_daemon_s_setting_is_a_list_of_texts(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (project / "rtd.toml").write_text('middleware = ["wares.Sleep", "wares.Report"]\n')
    assert load_config().middleware == ("wares.Sleep", "wares.Report")
    monkeypatch.setenv("RTD_MIDDLEWARE", "wares.Report, wares.Sleep")
    assert load_config().middleware == ("wares.Report", "wares.Sleep")
    with pytest.raises(ConfigError, match="the command line: middleware: 3 is no list of texts"):
        load_config(flags={"middleware": 3})
    with pytest.raises(ConfigError, match=r"'middleware' is no key; .* App\(middleware="):
        Session({"middleware": ["wares.Sleep"]})
