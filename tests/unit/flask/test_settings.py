"""The keys `TASKER_*` of a Flask app's configuration."""

import logging
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from rtd.common.errors import AppError, ConfigError
from rtd.config.paths import find_paths
from rtd.flask import BackgroundTaskWorker, BlockingTaskWorker
from rtd.flask.core import settings
from rtd.flask.core.settings import FlaskSettings, read_settings, remarks_on
from rtd.flask.daemon.daemon_paths import paths_of


def test_the_defaults_are_those_of_the_document() -> None:
    assert read_settings({}) == FlaskSettings("sqlalchemy", "sqlite", 5.0, None, None, None, False)


@pytest.mark.parametrize(
    ("key", "value", "field", "expected"),
    [
        ("TASKER_ENGINE", "SQLALCHEMY", "engine", "sqlalchemy"),
        ("TASKER_ENGINE", "redis", "engine", "redis"),
        ("TASKER_DRIVER", "SQLite", "driver", "sqlite"),
        ("TASKER_LOOP_INTERVAL", 0.5, "loop_interval_s", 0.5),
        ("TASKER_INTERVAL_TIME", "7", "loop_interval_s", 7.0),
        ("TASKER_DEBUG", "true", "debug", True),
        ("TASKER_DEBUG", False, "debug", False),
        ("TASKER_URL", "/run/rtd/rtd.sock", "url", "/run/rtd/rtd.sock"),
        ("TASKER_APP", "shop:create_app('dev')", "app", "shop:create_app('dev')"),
        ("TASKER_EAGER", 1, "eager", True),
        ("TASKER_EAGER", None, "eager", False),
    ],
)
def test_a_key_is_read(key: str, value: Any, field: str, expected: Any) -> None:
    assert getattr(read_settings({key: value}), field) == expected


@pytest.mark.parametrize(
    ("config", "sentence"),
    [
        ({"TASKER_ENGINE": "mongo"}, "TASKER_ENGINE: 'mongo' is none of 'sqlalchemy', 'redis'"),
        ({"TASKER_ENGINE": 3}, "TASKER_ENGINE: 3 is no text"),
        ({"TASKER_DRIVER": "mysql"}, "TASKER_DRIVER: 'mysql': rtd keeps its queue .* TASKER_URL"),
        ({"TASKER_DRIVER": "postgres"}, "TASKER_URL"),
        ({"TASKER_DRIVER": "oracle"}, "'oracle' is not 'sqlite'"),
        ({"TASKER_LOOP_INTERVAL": 0}, "no number of seconds above 0"),
        ({"TASKER_LOOP_INTERVAL": "soon"}, "'soon' is no number of seconds"),
        ({"TASKER_LOOP_INTERVAL": True}, "no number of seconds"),
        ({"TASKER_LOOP_INTERVAL": 1, "TASKER_INTERVAL_TIME": 2}, "mean the same"),
        ({"TASKER_DEBUG": "maybe"}, "'maybe' is neither True nor False"),
        ({"TASKER_URL": "redis://:s3cret@host/x"}, "a Redis database is a number, not 'x'"),
        ({"TASKER_URL": "http://:s3cret@host"}, "http://... is neither the absolute path of a con"),
        ({"TASKER_URL": "rtd.sock"}, "'rtd.sock' is neither the absolute path of a control socket"),
        ({"TASKER_APP": ""}, "TASKER_APP: it is empty: leave the key out, or set it to None"),
        ({"TASKER_APP": Flask("x")}, "TASKER_APP: <Flask 'x'> is no text: write 'shop:app'"),
        ({"TASKER_APP": "my shop"}, "'my shop' is neither a module nor a file: write 'shop:app'"),
        ({"TASKER_APP": "shop.app:"}, None),
        ({"TASKER_APP": "../src/shop:create_app('dev')"}, None),
        ({"TASKER_APP": "shop:app.tasks"}, "'app.tasks' is neither a name nor a call with plain"),
        ({"TASKER_APP": "shop:create_app(env)"}, "a call with plain values: write 'shop:app'"),
        ({"TASKER_URL": ""}, "TASKER_URL: it is empty: leave the key out, or set it to None"),
        ({"TASKER_EAGER": 2}, "neither True nor False"),
    ],
)
def test_a_wrong_value_is_an_error_at_init_app(
    config: dict[str, Any], sentence: str | None
) -> None:
    app = Flask("shop")
    app.config.update(config)
    worker = BackgroundTaskWorker()
    if sentence is None:
        worker.init_app(app)
        return
    with pytest.raises(ConfigError, match=sentence):
        worker.init_app(app)
    assert "rtd" not in app.extensions


def test_the_password_of_a_redis_is_shown_nowhere() -> None:
    settings = read_settings({"TASKER_URL": "redis://anna:s3cret@host/2?name=shop"})
    assert settings.redis == ("redis://anna:s3cret@host/2", "shop")
    assert "the workers 'shop' at redis://host:6379/2" in settings.describe()
    assert "s3cret" not in f"{settings} {settings!r} {settings.describe()}"


def test_keys_without_effect_are_named() -> None:
    remarks = remarks_on({"TASKER_DATABASE_URI": "x", "TASKER_EGER": True, "SECRET_KEY": "x"})
    assert [remark.split(":")[1].split()[0] for remark in remarks] == [
        "TASKER_DATABASE_URI",
        "TASKER_EGER",
    ]
    assert remarks[1].endswith("; did you mean 'TASKER_EAGER'?")


@pytest.mark.parametrize("key", ["TASKER_TIMEOUT", "TASKER_RETRIES", "TASKER_"])
def test_a_key_that_is_near_no_other_gets_the_list(key: str) -> None:
    (remark,) = remarks_on({key: 5})
    assert remark == (
        f"app.config: {key} has no effect: there is no such key; known: TASKER_ENGINE,"
        " TASKER_DRIVER, TASKER_LOOP_INTERVAL, TASKER_INTERVAL_TIME, TASKER_DEBUG, TASKER_URL,"
        " TASKER_APP, TASKER_EAGER"
    )


def test_two_apps_of_one_name_are_a_warning(caplog: pytest.LogCaptureFixture) -> None:
    worker = BackgroundTaskWorker(Flask("shop"))
    worker.init_app(Flask("admin"))
    assert "called" not in caplog.text
    again = Flask("shop")
    worker.init_app(again)
    assert f"two Flask apps called 'shop', the later one in {again.root_path}: " in caplog.text
    assert "name of its own: Flask('name')" in caplog.text
    caplog.clear()
    test = Flask("shop")
    test.testing = True  # a factory makes one for each test
    worker.init_app(test)
    assert not caplog.messages


def test_what_the_keys_mean_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    app = Flask("shop")
    with caplog.at_level(logging.INFO, "rtd.flask"):
        worker = BlockingTaskWorker(app)
    assert len(caplog.messages) == 1
    assert "engine sqlalchemy, driver sqlite" in caplog.messages[0]
    assert app.extensions["rtd"] is worker


def test_an_app_has_one_worker() -> None:
    app = Flask("shop")
    BackgroundTaskWorker(app)
    with pytest.raises(AppError, match="has another task worker"):
        BackgroundTaskWorker(app)
    with pytest.raises(AppError, match="is no Flask app"):
        BackgroundTaskWorker().init_app("shop")  # type: ignore[arg-type]


def test_settings_that_were_read_before_are_not_read_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    config = {"TASKER_URL": "redis://:secret@redis.internal/0?name=once"}
    before = read_settings(config)
    monkeypatch.setattr(settings, "parse_url", None)  # it takes longer than the rest of a submit
    assert read_settings(dict(config)) == before


def test_equal_values_of_other_types_are_other_values() -> None:
    assert read_settings({"TASKER_LOOP_INTERVAL": 1}).loop_interval_s == 1.0
    with pytest.raises(ConfigError, match="True is no number of seconds"):
        read_settings({"TASKER_LOOP_INTERVAL": True})
    with pytest.raises(ConfigError, match=r"TASKER_URL: \[\] is no text"):
        read_settings({"TASKER_URL": []})


@pytest.mark.parametrize("named", ["RTD_RUNTIME_DIR", "RTD_STATE_DIR"])
def test_a_named_directory_never_comes_with_the_usual_other_one(
    named: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("RTD_RUNTIME_DIR", "RTD_STATE_DIR", "RTD_SOCKET"):
        monkeypatch.delenv(name, raising=False)
    app = Flask("shop", instance_path=str(tmp_path))
    usual, own = find_paths(), paths_of(app, FlaskSettings())
    monkeypatch.setenv(named, str(tmp_path / "named"))
    found = paths_of(app, FlaskSettings())
    assert str(tmp_path / "named") in map(str, found[:2])
    assert not {usual.runtime_dir, usual.state_dir} & set(found[:2])
    assert len({own.runtime_dir, own.state_dir} & set(found[:2])) == 1
