"""The tables: articles, imports of price lists, and the lines that an import has rejected."""

from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

from flask import current_app
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import ForeignKey
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship


class Base(DeclarativeBase):
    """The base of the tables."""


db = SQLAlchemy(model_class=Base)


class Article(db.Model):
    """An article that the shop sells. A price list sets its name, price and stock."""

    number: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    price_cents: Mapped[int]
    stock: Mapped[int]


class Import(db.Model):
    """An upload and what became of it. rtd knows its run by the same id."""

    id: Mapped[str] = mapped_column(primary_key=True, default=lambda: uuid4().hex)
    #: As the person calls the file; where it is stored does not depend on it.
    file_name: Mapped[str]
    uploaded_at: Mapped[datetime] = mapped_column(default=lambda: datetime.now(UTC))
    #: The result: these three are set together, by the task.
    articles: Mapped[int | None]
    value_cents: Mapped[int | None]
    ended_at: Mapped[datetime | None]
    #: Why there is no result.
    failure: Mapped[str | None]
    rejected: Mapped[list["RejectedLine"]] = relationship(
        order_by="RejectedLine.line", cascade="all, delete-orphan"
    )

    @property
    def path(self) -> Path:
        """Where the upload is until the import is over."""
        return Path(current_app.config["UPLOAD_FOLDER"]) / f"{self.id}.csv"


class RejectedLine(db.Model):
    """A line of a price list that has not become an article."""

    import_id: Mapped[str] = mapped_column(ForeignKey(Import.id), primary_key=True)
    line: Mapped[int] = mapped_column(primary_key=True)
    reason: Mapped[str]
