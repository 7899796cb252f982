"""A shop whose price lists come as CSV files: a Flask app with its tasks in rtd."""

import os
from pathlib import Path

from flask import Flask

from shop import views
from shop.models import db
from shop.tasks import task_worker


def create_app() -> Flask:
    """Make the app, and start the daemon of its tasks unless it runs.

    Variables of the environment that begin with `SHOP_` set keys of the configuration, such as
    `SHOP_IMPORT_PAUSE_S`. `SHOP_INSTANCE` is the folder of the database and the uploads.
    """
    app = Flask(__name__, instance_path=os.environ.get("SHOP_INSTANCE"))
    uploads = Path(app.instance_path) / "uploads"
    app.config.from_mapping(
        SQLALCHEMY_DATABASE_URI="sqlite:///shop.db",  # in the instance folder
        # The web and the tasks write to one file: each waits while the other does.
        SQLALCHEMY_ENGINE_OPTIONS={"connect_args": {"timeout": 15}},
        MAX_CONTENT_LENGTH=2 * 1024 * 1024,
        UPLOAD_FOLDER=str(uploads),
        IMPORT_BATCH=25,
        IMPORT_PAUSE_S=0,
    )
    app.config.from_prefixed_env("SHOP")
    uploads.mkdir(parents=True, exist_ok=True)
    db.init_app(app)
    with app.app_context():
        db.create_all()  # a shop that lives on has migrations instead
    views.init_app(app)
    task_worker.init_app(app)
    task_worker.start()
    return app
