"""What `apply` refuses as a parameter, and what it says to pass instead."""

import io
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from flask import Flask, current_app, g, request, session
from flask_sqlalchemy import SQLAlchemy
from werkzeug.datastructures import FileStorage

from rtd.common.errors import UnserialisableError
from rtd.flask import BackgroundTaskWorker


@pytest.fixture
def app() -> Flask:
    app = Flask("shop")
    app.config["TASKER_EAGER"] = True
    return app


@pytest.fixture
def worker(app: Flask) -> BackgroundTaskWorker:
    return BackgroundTaskWorker(app)


def write_nothing() -> None:
    """Write nothing."""


@dataclass
class Record:
    number: int


db = SQLAlchemy()


class Order(db.Model):  # type: ignore[name-defined, misc]
    id = db.Column(db.Integer, primary_key=True)


@pytest.fixture
def values(app: Flask) -> Iterator[dict[str, Any]]:
    app.config |= {"SECRET_KEY": "x", "SQLALCHEMY_DATABASE_URI": "sqlite://"}
    db.init_app(app)
    with app.test_request_context("/"), tempfile.TemporaryFile() as temporary:
        yield {
            "file": FileStorage(io.BytesIO(b"x"), "x.txt"),
            "app": current_app,
            "real": app,
            "request": request,
            "nested": {"list": [1, {"app": current_app}]},
            "g": g,
            "session": session,
            "real session": session._get_current_object(),  # type: ignore[attr-defined]
            "form": request.form,
            "headers": request.headers,
            "model": Order(id=7),
            "rows": [Order(id=7)],
            "db.session": db.session,
            "db": db,
            "query": db.select(Order),
            "generator": (number for number in range(3)),
            "map": map(str, range(3)),
            "open": io.StringIO("x"),
            "temporary": temporary,
            "function": write_nothing,
            "task": BackgroundTaskWorker().define_task(write_nothing),
            "record": Record(3),
            "keys": {}.keys(),
        }


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("file", r"x is a FileStorage; an uploaded file ends with its request: save it"),
        ("app", r"x is a Flask; the task has the app itself: use current_app in the task"),
        ("real", r"x is a Flask; the task has the app itself"),
        ("request", r"x is a Request; a request ends before the task begins"),
        ("nested", r"x\['list'\]\[1\]\['app'\] is a Flask; the task has the app itself"),
        ("g", r"x is an _AppCtxGlobals; g ends with its context, and the task has another"),
        ("session", r"x is a SecureCookieSession; the session ends with its request"),
        ("real session", r"x is a SecureCookieSession; the session ends with its request"),
        ("form", r"x is an ImmutableMultiDict; pass x.to_dict\(\), which has one value for each"),
        ("headers", r"x is an EnvironHeaders; pass dict\(x\)"),
        ("model", r"x is an Order; a row belongs to the database.* its primary key \(x.id\)"),
        ("rows", r"x\[0\] is an Order; a row belongs .*\(x\[0\].id\)"),
        ("db.session", r"x is a scoped_session; the task has a session of its own: use db.session"),
        ("db", r"x is a SQLAlchemy; the task has a session of its own: use db.session"),
        ("query", r"x is a Select; pass plain values of its rows"),
        ("generator", r"x is a generator; it can be read only once, here: pass list\(x\)"),
        ("map", r"x is a map; it can be read only once"),
        (
            "open",
            r"x is a StringIO; an open file stays in this process: pass its path, or .*x.read",
        ),
        ("temporary", r"an open file stays in this process"),
        ("function", r"x is a function; the task has the program's functions"),
        ("task", r"x is a BaseTask; the task has the program's tasks: pass nothing, or x.name"),
        ("record", r"x is a Record; pass dataclasses.asdict\(x\)"),
        ("keys", r"x is a dict_keys; pass list\(x\)"),
    ],
)
def test_objects_of_flask_are_refused(
    worker: BackgroundTaskWorker, values: dict[str, Any], name: str, sentence: str
) -> None:
    task = worker.define_task(lambda x: None, name="task")
    with pytest.raises(UnserialisableError, match=sentence):
        task.apply(x=values[name])


def test_a_map_with_several_values_for_a_name_gives_the_first(
    app: Flask, worker: BackgroundTaskWorker
) -> None:
    task = worker.define_task(lambda **values: values, name="task")
    data = {"to": "ann", "tag": ["new", "red"]}
    with app.test_request_context("/?page=1", method="POST", data=data):
        assert task.apply(request.form).result() == {"to": "ann", "tag": "new"}
        assert task.apply(request.form, page=2).result()["page"] == 2
        assert task.apply_with(request.values).result() == {"to": "ann", "tag": "new", "page": "1"}
        lists = request.form.to_dict(flat=False)
        assert task.apply(x=lists).result() == {"x": {"to": ["ann"], "tag": ["new", "red"]}}
