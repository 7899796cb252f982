"""Reads price lists: CSV in UTF-8 with a heading. Knows nothing of Flask and of the database."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path

from rtd import Error

COLUMNS = ["article", "name", "price", "stock"]


class BadPriceList(Error):
    """The file is no price list. As an `rtd.Error` it ends the run without a traceback."""


@dataclass(frozen=True)
class Row:
    """A line of a price list.

    Attributes:
        line: its number in the file.
        reason: why it is no article; None if it is one.
    """

    line: int
    number: str = ""
    name: str = ""
    price_cents: int = 0
    stock: int = 0
    reason: str | None = None


def count_rows(path: Path) -> int:
    """Read the file once, to its end; return how many lines it has below its heading.

    Raises:
        BadPriceList: it cannot be read, so that no line of it should be used.
    """
    count = sum(1 for _ in _cells(path))
    if not count:
        raise BadPriceList("the file has no lines below its heading")
    return count


def read_rows(path: Path) -> Iterator[Row]:
    """Yield the lines below the heading, those with a mistake, too."""
    first: dict[str, int] = {}
    for line, cells in _cells(path):
        try:
            row = _parse(line, cells)
            earlier = first.setdefault(row.number, line)
            if earlier != line:
                raise ValueError(f"article {row.number} is in line {earlier} already")
        except ValueError as error:
            row = Row(line, reason=str(error))
        yield row


def _cells(path: Path) -> Iterator[tuple[int, list[str]]]:
    """Yield the cells of each line that is not empty, with its number."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.reader(file, strict=True)
        try:
            heading = [cell.strip().lower() for cell in next(reader, [])]
            if heading != COLUMNS:
                raise BadPriceList(
                    f"line 1 is the heading and must be {','.join(COLUMNS)};"
                    f" it is {','.join(heading)[:80] or 'empty'}"
                )
            for cells in reader:
                if cells:
                    yield reader.line_num, [cell.strip() for cell in cells]
        except csv.Error as error:
            raise BadPriceList(f"line {reader.line_num} is no CSV: {error}") from None
        except UnicodeDecodeError:
            raise BadPriceList("the file is not in UTF-8: save it as CSV in UTF-8") from None


def _parse(line: int, cells: list[str]) -> Row:
    """Return a line as an article. Raises ValueError, with the reason, if it is none."""
    if len(cells) != len(COLUMNS):
        raise ValueError(f"{len(cells)} columns instead of {len(COLUMNS)}")
    number, name, price, stock = cells
    if not (0 < len(number) <= 40 and 0 < len(name) <= 200):
        raise ValueError("the number of an article has 1 to 40 characters, its name 1 to 200")
    if not (stock.isascii() and stock.isdigit() and len(stock) <= 5):
        raise ValueError(f"the stock is no number from 0 to 99999: {stock[:20]!r}")
    return Row(line, number, name, _cents(price), int(stock))


def _cents(price: str) -> int:
    try:
        cents = Decimal(price) * 100
    except InvalidOperation:
        cents = Decimal("NaN")
    if not (cents.is_finite() and 0 <= cents < 10**8 and cents == cents.to_integral_value()):
        raise ValueError(f"the price is no amount from 0.00 to 999999.99: {price[:20]!r}")
    return int(cents)
