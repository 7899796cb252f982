"""Each test begins and ends without a session."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from rtd.session.core.default_session import SESSIONS
from rtd.session.settings.settings import SETTINGS


@pytest.fixture(autouse=True)
def no_session_before() -> Iterator[None]:
    """No session has been made, before and after."""
    SESSIONS.chosen = SESSIONS.implied = None
    SETTINGS.__init__()  # type: ignore[misc]
    yield
    SESSIONS.chosen = SESSIONS.implied = None


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder of an app, which is the working directory. Its modules are imported by no other
    test."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    monkeypatch.delenv("RT_SETTINGS_MODULE", raising=False)
    before = set(sys.modules)
    yield tmp_path
    for name in set(sys.modules) - before:
        module = sys.modules[name]
        places = [getattr(module, "__file__", None), *getattr(module, "__path__", ())]
        if any(str(tmp_path) in str(place) for place in places):  # a folder has no file
            del sys.modules[name]
