"""`apply` in the web process: whose app, which parameters, and eager mode."""

import json
from typing import Any

import pytest
from flask import Flask, current_app, g
from flask_sqlalchemy import SQLAlchemy

import rtd
from rtctl import AsyncRun, Run, RunFailed
from rtd.common.errors import (
    AppError,
    BadRequest,
    ParameterError,
    PolicyError,
    UnserialisableError,
    WrongState,
)
from rtd.flask import BackgroundTaskWorker, BaseTask, stream


@pytest.fixture
def app() -> Flask:
    app = Flask("shop")
    app.config["TASKER_EAGER"] = True
    return app


@pytest.fixture
def worker(app: Flask) -> BackgroundTaskWorker:
    return BackgroundTaskWorker(app)


def test_a_task_is_called_like_its_function(worker: BackgroundTaskWorker) -> None:
    @worker.define_task
    def add(a: int, b: int) -> int:
        return a + b

    @worker.define_task(name="other", retries=3, queue="slow", lane="thread")
    def more() -> None: ...

    assert add(1, b=2) == 3
    assert isinstance(add, BaseTask)
    assert (add.name, more.name) == ("add", "other")
    assert more.definition.info.policies.retries == 3
    assert more.definition.info.lane == "thread"
    with pytest.raises(PolicyError, match="exists already"):
        worker.define_task(add.func)
    with pytest.raises(PolicyError, match=r"retires.*retries"):
        worker.define_task(name="x", retires=3)(more.func)


def test_a_name_without_its_word_is_refused(worker: BackgroundTaskWorker) -> None:
    with pytest.raises(PolicyError, match=r"'mail' is no function.* an option: name='mail'"):
        worker.define_task("mail")  # type: ignore[arg-type]


@pytest.mark.parametrize("word", ["delay", "apply_async", "send", "queue", "enqueue"])
def test_the_words_of_other_libraries_name_apply(worker: BackgroundTaskWorker, word: str) -> None:
    task = worker.define_task(lambda: None, name="mail")
    with pytest.raises(AttributeError, match=rf"'mail' has no .*'{word}': queue a run with apply"):
        getattr(task, word)
    with pytest.raises(AttributeError, match="'BaseTask' has no attribute 'unknown'"):
        task.unknown  # noqa: B018


@pytest.mark.parametrize(
    ("word", "own"), [("get", r"result\(timeout=10\)"), ("status", "state"), ("ready", "ended")]
)
def test_the_words_of_other_libraries_for_a_run(
    worker: BackgroundTaskWorker, word: str, own: str
) -> None:
    run = worker.define_task(lambda: None, name="mail").apply()
    asynchronous = AsyncRun.__new__(AsyncRun)
    for one in (run, Run.__new__(Run), asynchronous):
        with pytest.raises(AttributeError, match=rf"'{word}'; use {own}$"):
            getattr(one, word)
    with pytest.raises(AttributeError, match=r"'EagerRun' object has no attribute 'unknown'$"):
        run.unknown  # noqa: B018
    assert not hasattr(run, "__html__")


def test_an_option_that_is_none_says_what_is_meant(worker: BackgroundTaskWorker) -> None:
    task = worker.define_task(lambda to: None, name="mail")
    with pytest.raises(PolicyError, match=r"one map: apply_with\(\{'to': ...\}, delay='5m'\)"):
        task.apply_with(to="ann")
    with pytest.raises(
        PolicyError, match=r"apply_with: countdown= is no option; write delay='10 seconds'"
    ):
        task.apply_with({"to": "ann"}, countdown=5)
    with pytest.raises(PolicyError, match="timeout: 'soon'"):
        task.apply_with({"to": "ann"}, timeout="soon")
    with pytest.raises(AttributeError, match=r"no attribute 'task'; use task_worker.define_task"):
        worker.task  # noqa: B018


def test_eager_runs_pack_as_real_ones(worker: BackgroundTaskWorker) -> None:
    @worker.define_task
    def echo(**values: Any) -> Any:
        return values

    run = echo.apply({"a": [1]}, b=(2,))
    assert (run.state, run.ended, run.created, run.error) == ("succeeded", True, True, None)
    assert run.result(timeout=1) == {"a": [1], "b": (2,)}
    with pytest.raises(UnserialisableError, match=r"b.*object"):
        echo.apply(b=object())
    with pytest.raises(BadRequest, match="as one map, not 3"):
        echo.apply(3)
    with pytest.raises(WrongState, match="succeeded"):
        run.cancel()
    assert list(run.logs()) == []
    found = run.to_dict()
    assert json.loads(json.dumps(found)) == found
    assert found["result"] == {"a": [1], "b": [2]}
    assert (found["state"], found["ended"], found["progress"]) == ("succeeded", True, None)


def test_an_eager_run_that_fails_is_as_a_real_one(worker: BackgroundTaskWorker) -> None:
    attempts = []

    @worker.define_task(retries=1)
    def fail() -> None:
        attempts.append(rtd.current_run().attempt)
        raise rtd.Error("no ink")

    @worker.define_task
    def give() -> Any:
        return object()

    run = fail.apply()
    assert attempts == [1, 2]
    assert (run.state, run.error) == ("error", "Error: no ink")
    with pytest.raises(RunFailed, match="failed with an error: Error: no ink") as caught:
        run.result()
    assert caught.value.error is not None
    assert caught.value.error[:2] == ["rtd.Error", "no ink"]
    assert run.to_dict()["error"] == "Error: no ink"
    assert run.to_dict()["attempt"] == 2
    given = give.apply()
    assert given.state == "exception"
    assert "the result cannot be stored" in str(given.error)
    assert "; return plain data" in str(given.error)
    with pytest.raises(ParameterError, match="number"):
        fail.apply(number=1)


def test_a_view_reads_an_eager_run_by_its_id(app: Flask, worker: BackgroundTaskWorker) -> None:
    @worker.define_task
    def half(number: int) -> float:
        return 1 / number

    @app.get("/runs/<run_id>")
    def show(run_id: str) -> Any:
        return worker.get_or_404(run_id).to_dict()

    @app.get("/runs/<run_id>/events")
    def follow(run_id: str) -> Any:
        return stream(worker.get_or_404(run_id))

    web = app.test_client()
    run = half.apply_with({"number": 2}, id="half-2")
    assert web.get(f"/runs/{run.id}").json["result"] == 0.5
    assert web.get("/runs/half-2").json["id"] == run.id
    assert "event: end" in web.get(f"/runs/{run.id}/events").text
    assert web.get("/runs/none").status_code == 404


def test_an_eager_run_that_fails_shows_where(
    worker: BackgroundTaskWorker, caplog: pytest.LogCaptureFixture
) -> None:
    @worker.define_task
    def fail() -> None:
        raise ValueError("no ink")

    run = fail.apply()
    assert "task 'fail', attempt 1: ValueError: no ink" in caplog.text
    assert "in fail" in caplog.text
    with pytest.raises(RunFailed) as caught:
        run.result()
    assert isinstance(caught.value.__cause__, ValueError)


def test_an_id_of_the_caller_makes_one_run(worker: BackgroundTaskWorker) -> None:
    calls = []

    @worker.define_task
    def order(number: int) -> str:
        calls.append(number)
        return rtd.current_run().headers["trace"]

    first = order.apply_with({"number": 7}, id="order-7", headers={"trace": "t"}, delay="5m")
    second = order.apply_with({"number": 7}, id="order-7")
    assert first.result() == "t"
    assert (second.id, second.created, calls) == (first.id, False, [7])
    assert second.to_dict() == first.to_dict()
    assert second.to_dict()["key"] == "order-7"
    with pytest.raises(BadRequest, match="headers are a map"):
        order.apply_with({}, headers=3)


def test_an_eager_run_stays_in_the_context_of_its_caller(
    app: Flask, worker: BackgroundTaskWorker
) -> None:
    ends = []
    app.teardown_appcontext(lambda error: ends.append(current_app.name))

    @worker.define_task
    def mark() -> str:
        g.mark = "set by the run"
        return current_app.name

    with app.app_context():
        assert mark.apply().result() == "shop"
        assert g.mark == "set by the run"
        assert ends == []
    assert ends == ["shop"]
    assert mark.apply().result() == "shop"  # outside of a context it has one of its own
    assert ends == ["shop", "shop"]


def test_the_app_of_a_run_is_that_of_its_caller(app: Flask, worker: BackgroundTaskWorker) -> None:
    other, stranger = Flask("other"), Flask("stranger")
    other.config["TASKER_EAGER"] = True
    worker.init_app(other)

    @worker.define_task
    def name() -> tuple[str, str]:
        return current_app.name, rtd.current_run().headers["rtd-flask-app"]

    for one in (app, other):
        with one.app_context():
            assert name.apply().result() == (one.name, one.name)
    with pytest.raises(RuntimeError, match="several Flask apps \\(shop, other\\)"):
        name.apply()
    with stranger.app_context(), pytest.raises(RuntimeError, match="several Flask apps"):
        name.apply()


def test_an_eager_run_stays_in_the_context_of_an_earlier_app(
    app: Flask, worker: BackgroundTaskWorker
) -> None:
    """A factory has made another app of that name meanwhile."""
    again = Flask("shop")
    again.config["TASKER_EAGER"] = True
    worker.init_app(again)

    @worker.define_task
    def current() -> bool:
        return current_app._get_current_object() is app  # type: ignore[attr-defined]

    with app.app_context():
        assert current.apply().result()
    with again.app_context():
        assert not current.apply().result()


def test_the_only_app_may_have_another_name_in_the_daemon(
    app: Flask, worker: BackgroundTaskWorker
) -> None:
    """`Flask(__name__)` in the files of two programs."""
    assert worker.apps.of_run({"rtd-flask-app": "web"}) is app
    with pytest.raises(AppError, match=r"belongs to the Flask app 'web'.*imported shop"):
        worker.apps.of_run({"rtd-flask-app": "web", "rtd-flask-apps": "2"})


def test_without_an_app_apply_says_what_to_do() -> None:
    task = BackgroundTaskWorker().define_task(lambda: None, name="x")
    with pytest.raises(RuntimeError, match="no Flask app yet"):
        task.apply()


def test_an_app_of_the_same_name_takes_the_place(worker: BackgroundTaskWorker) -> None:
    """As a factory makes one for each test."""
    again = Flask("shop")
    again.config["TASKER_EAGER"] = True
    worker.init_app(again)

    @worker.define_task
    def is_new() -> bool:
        return current_app._get_current_object() is again  # type: ignore[attr-defined]

    assert is_new.apply().result()


def test_words_of_the_scheduler_of_the_original(worker: BackgroundTaskWorker) -> None:
    with pytest.raises(AttributeError, match=r"'add_job'; use task.apply"):
        worker.add_job  # noqa: B018
    with pytest.raises(AttributeError, match=r"'get'; use task_worker.get_or_404\(id\) in a view"):
        worker.get  # noqa: B018
    with pytest.raises(AttributeError, match="BackgroundTaskWorker"):
        __import__("rtd.flask").flask.BackgroudTaskWorker  # noqa: B018


def test_an_attempt_that_fails_leaves_nothing_in_the_session_of_its_caller(
    app: Flask, worker: BackgroundTaskWorker, caplog: pytest.LogCaptureFixture
) -> None:
    app.config["SQLALCHEMY_DATABASE_URI"] = "sqlite://"
    db = SQLAlchemy(app)
    row = db.Table("row", db.Column("id", db.Integer, primary_key=True))

    @worker.define_task(retries=2)
    def add_row() -> int:
        db.session.execute(row.insert())
        if rtd.current_run().attempt < 3:
            raise ValueError("once more")
        db.session.commit()
        return len(db.session.execute(row.select()).all())

    with app.app_context():
        db.create_all()
        assert add_row.apply().result() == 1
    assert [record.getMessage() for record in caplog.records] == [
        f"task 'add_row', attempt {number}: ValueError: once more" for number in (1, 2)
    ]
