"""Says what to pass in place of an object that a task cannot get. `IT` is the parameter."""

from __future__ import annotations

from typing import Final

PROXY: Final = "it stands for another object in each context: pass plain values of it"
_FILE: Final = "an uploaded file ends with its request: save it (IT.save(path)) and pass the path"
_OPEN: Final = "an open file stays in this process: pass its path, or its content (IT.read())"
_APP: Final = (
    "the task has the app itself: use current_app in the task, and pass what it needs to know"
)
_REQUEST: Final = "a request ends before the task begins: pass the values that the task needs"
_MAP: Final = "pass IT.to_dict(), which has one value for each name, or IT.to_dict(flat=False)"
_MODEL: Final = (
    "a row belongs to the database session of this process: pass its primary key (IT.id), and read"
    " the row in the task"
)
_ROWS: Final = "pass plain values of its rows, such as a list of their primary keys"
_DATABASE: Final = "the task has a session of its own: use db.session in the task"
_STEPS: Final = "it can be read only once, here: pass list(IT)"

#: By the package and the name of a base class: no other library has to be imported.
_BY_BASE: Final = {
    ("werkzeug", "FileStorage"): _FILE,
    ("werkzeug", "MultiDict"): _MAP,
    ("werkzeug", "Headers"): "pass dict(IT), or the headers that the task needs",
    ("werkzeug", "Request"): _REQUEST,
    ("werkzeug", "Response"): "a response is for the browser: pass the values that the task needs",
    ("flask", "Flask"): _APP,
    ("flask", "SessionMixin"): (
        "the session ends with its request: pass the values that the task needs, such as"
        " session['user']"
    ),
    ("flask", "_AppCtxGlobals"): (
        "g ends with its context, and the task has another one: pass the values that it needs"
    ),
    ("flask_sqlalchemy", "SQLAlchemy"): _DATABASE,
    ("sqlalchemy", "scoped_session"): _DATABASE,
    ("sqlalchemy", "Session"): _DATABASE,
    ("sqlalchemy", "Row"): "pass IT._asdict(), or tuple(IT)",
    ("sqlalchemy", "Query"): _ROWS,
    ("sqlalchemy", "Result"): _ROWS,
    ("sqlalchemy", "ScalarResult"): _ROWS,
    ("sqlalchemy", "Executable"): _ROWS,
    ("wtforms", "BaseForm"): "pass IT.data",
    ("pydantic", "BaseModel"): "pass IT.model_dump()",
    ("rtctl", "RunBase"): "pass IT.id; the task finds the run with task_worker.client().get(id)",
    ("rtd", "Task"): "the task has the program's tasks: pass nothing, or IT.name",
    ("_io", "_IOBase"): _OPEN,
    ("tempfile", "_TemporaryFileWrapper"): _OPEN,
    ("builtins", "generator"): _STEPS,
    ("builtins", "coroutine"): "nothing has waited for it: pass what `await` returns",
    ("builtins", "function"): "the task has the program's functions: pass a name, or plain values",
    ("builtins", "range"): "pass list(IT)",
    ("builtins", "dict_keys"): "pass list(IT)",
    ("builtins", "dict_values"): "pass list(IT)",
    ("builtins", "dict_items"): "pass list(IT)",
}


def hint_for_type(kind: type) -> str | None:
    """Return what to pass in place of an object of this type; None: it may be passed on."""
    for base in kind.__mro__:
        if "__mapper__" in vars(base):  # a model of SQLAlchemy
            return _MODEL
        if "__dataclass_fields__" in vars(base):
            return "pass dataclasses.asdict(IT)"
        hint = _BY_BASE.get((base.__module__.partition(".")[0], base.__name__))
        if hint is not None:
            return hint
    return _STEPS if any("__next__" in vars(base) for base in kind.__mro__) else None
