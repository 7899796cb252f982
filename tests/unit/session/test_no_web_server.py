"""While rtd imports an app, Flask's `app.run()` returns at once."""

import os

import pytest
from flask import Flask

from rtd.session.app.no_web_server import no_web_server


def test_flask_starts_no_server(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("FLASK_RUN_FROM_CLI", raising=False)
    monkeypatch.setenv("WERKZEUG_RUN_MAIN", "false")
    with no_web_server():
        Flask("shop").run(port=1)
    assert capsys.readouterr() == ("", "")
    assert "FLASK_RUN_FROM_CLI" not in os.environ
    assert os.environ["WERKZEUG_RUN_MAIN"] == "false"
