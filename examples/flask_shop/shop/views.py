"""The pages: upload a price list, follow its import, see its result. Each as JSON, too."""

from typing import Any

from flask import (
    Blueprint,
    Flask,
    Response,
    abort,
    current_app,
    jsonify,
    redirect,
    render_template,
    request,
    url_for,
)
from sqlalchemy import func, select
from werkzeug.exceptions import HTTPException
from werkzeug.utils import secure_filename

from rtctl import DaemonUnreachable
from rtd.flask import stream
from shop.import_status import import_status, run_of
from shop.models import Article, Import, db
from shop.tasks import import_price_list

pages = Blueprint("pages", __name__)


def init_app(app: Flask) -> None:
    """Give the app its pages."""
    app.register_blueprint(pages)
    app.register_error_handler(HTTPException, show_error)
    app.register_error_handler(DaemonUnreachable, show_unreachable)
    app.after_request(add_security_headers)
    app.add_template_filter(lambda cents: f"{cents / 100:,.2f}", "money")


@pages.get("/")
def index() -> str:
    """Show the form, the imports so far, and what the shop has."""
    value = func.coalesce(func.sum(Article.price_cents * Article.stock), 0)
    count, value_cents = db.session.execute(select(func.count(Article.number), value)).one()
    latest = db.session.scalars(select(Import).order_by(Import.uploaded_at.desc()).limit(10))
    return render_template(
        "index.html", count=count, value_cents=value_cents, imports=latest,
        max_bytes=current_app.config["MAX_CONTENT_LENGTH"],
    )  # fmt: skip


@pages.post("/imports")
def upload_page() -> Any:
    """Take an upload of the form; the browser goes on to the page of its import."""
    return redirect(url_for("pages.show", import_id=start_import().id), 303)


@pages.post("/imports.json")
def upload_json() -> Any:
    """Take an upload of a program, which then asks again at `Location` until it is `ended`."""
    upload = start_import()
    place = url_for("pages.show_json", import_id=upload.id)
    return jsonify(import_status(upload)), 202, {"Location": place}


@pages.get("/imports/<import_id>")
def show(import_id: str) -> str:
    """Show how far an import is, or its result."""
    upload = db.get_or_404(Import, import_id)
    return render_template("import.html", upload=upload, status=import_status(upload))


@pages.get("/imports/<import_id>.json")
def show_json(import_id: str) -> Response:
    """Say how far an import is, or its result."""
    return jsonify(import_status(db.get_or_404(Import, import_id)))


@pages.get("/imports/<import_id>/events")
def events(import_id: str) -> Response:
    """Send the state of the run each time that it changes, as server-sent events."""
    run = run_of(db.get_or_404(Import, import_id))
    return Response(status=204) if run is None else stream(run)


def start_import() -> Import:
    """Store what the request has uploaded, and queue its import."""
    file = request.files.get("file")
    name = secure_filename(file.filename or "") if file else ""
    if file is None or not name:
        abort(400, "There is no file in this request: choose one first.")
    if not name.lower().endswith(".csv"):
        abort(415, f"{name} is no CSV file.")
    upload = Import(file_name=name)
    db.session.add(upload)
    db.session.flush()  # it has its id now, and with it its path
    file.save(upload.path)
    db.session.commit()  # the task reads the row: it must be there before it starts
    try:
        import_price_list.apply_with({"import_id": upload.id}, id=upload.id)
    except Exception:
        upload.path.unlink(missing_ok=True)
        db.session.delete(upload)
        db.session.commit()
        raise
    return upload


def add_security_headers(response: Response) -> Response:
    """Let pages load nothing but what the app itself serves."""
    response.headers["Content-Security-Policy"] = "default-src 'self'; img-src 'self' data:"
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


def show_error(error: HTTPException) -> Any:
    """Show an error as the request wants it: as JSON, or as a page."""
    text = error.description
    if error.code == 413:
        text = f"A price list has at most {current_app.config['MAX_CONTENT_LENGTH'] >> 20} MB."
    if request.path.endswith(".json"):
        return jsonify(error=text), error.code
    return render_template("error.html", name=error.name, text=text), error.code


def show_unreachable(error: DaemonUnreachable) -> Any:
    """Show that nothing can be imported now."""
    current_app.logger.error("%s", error)
    if request.path.endswith(".json"):
        return jsonify(error="imports are not possible at the moment"), 503
    text = "Imports are not possible at the moment. Nothing was stored; try it again later."
    return render_template("error.html", name="No imports", text=text), 503
