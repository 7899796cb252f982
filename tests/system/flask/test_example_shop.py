"""The example shop as a program uses it: uploads, results, and all that can go wrong."""

import json
import os
from collections.abc import Iterator
from typing import Any

import pytest

from tests.helpers.daemon import DaemonMaker
from tests.helpers.deadline import until
from tests.helpers.flask_shop import PRICES, SHOP, Shop
from tests.helpers.web_app import stop_daemon

HEADING = b"article,name,price,stock\n"


@pytest.fixture
def shop(prepare_daemon: DaemonMaker, request: pytest.FixtureRequest) -> Iterator[Shop]:
    found = Shop(prepare_daemon(cwd=SHOP), pause_s=getattr(request, "param", 0.0))
    yield found
    found.interrupt()


def ended(shop: Shop, import_id: str) -> Any:
    """The state of an import when it is over."""

    def over() -> Any:
        status = shop.status(import_id)
        return status if status["ended"] else None

    return until(over, within_s=40, what=f"the end of import {import_id}")


@pytest.mark.slow
def test_a_program_uploads_and_polls(shop: Shop) -> None:
    code, queued = shop.upload("prices.csv", PRICES.read_bytes())
    assert (code, queued["ended"]) == (202, False)
    status = ended(shop, queued["id"])
    assert (status["state"], status["result"]["articles"]) == ("succeeded", 1995)
    assert len(status["result"]["rejected"]) == 5
    # Again, with a price in the place of another: articles are set, not added.
    few = HEADING + b'A-00001,"Hinge, zinc",2.50,4\nA-2,Nut,NaN,1\n'
    code, queued = shop.upload("../x/few.csv", few)
    assert (code, queued["file"]) == (202, "x_few.csv")
    result = ended(shop, queued["id"])["result"]
    assert (result["articles"], result["value"]) == (1, "10.00")
    assert [line["line"] for line in result["rejected"]] == [3]
    until(lambda: not shop.uploads, what="the uploads are removed")


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (HEADING, "the file has no lines below its heading"),
        (HEADING + b"A-1,Gr\xfc\xdfe,1,1\n", "the file is not in UTF-8"),
        (HEADING + b'A-1,"Nut"s,1,1\n', "line 2 is no CSV"),
        (b"", "it is empty"),
    ],
)
def test_a_bad_file_says_why(shop: Shop, content: bytes, why: str) -> None:
    status = ended(shop, shop.upload("prices.csv", content)[1]["id"])
    assert status["state"] == "failed"
    assert why in status["error"]
    assert shop.uploads == []


def test_an_upload_that_cannot_be_a_price_list_is_refused(shop: Shop) -> None:
    assert shop.upload("cat.png", b"x") == (415, {"error": "cat.png is no CSV file."})
    assert shop.upload("", b"")[0] == 400
    large = shop.upload("large.csv", b"x" * (2 << 20))
    assert large == (413, {"error": "A price list has at most 2 MB."})
    assert shop.uploads == []


@pytest.mark.parametrize("shop", [0.2], indirect=True)
def test_a_killed_import_says_so_and_leaves_no_upload(shop: Shop) -> None:
    import_id = shop.upload("prices.csv", PRICES.read_bytes())[1]["id"]
    until(lambda: shop.status(import_id)["progress"], what="progress")
    shop.place.ok("kill", import_id, "--reason", "the wrong file")
    until(lambda: not shop.uploads, what="the upload is removed")
    status = until(
        lambda: (now := shop.status(import_id))["state"] == "failed" and now, what="the failure"
    )
    assert "the wrong file" in status["error"]


@pytest.mark.slow
@pytest.mark.parametrize("shop", [0.05], indirect=True)
def test_an_import_whose_process_died_begins_again(shop: Shop) -> None:
    import_id = shop.upload("prices.csv", PRICES.read_bytes())[1]["id"]
    until(lambda: shop.status(import_id)["progress"], what="progress")
    (pid,) = shop.pids_of(import_id)
    shop.place.ok("submit", "--wait", "--", "kill", "-9", str(pid))
    status = ended(shop, import_id)
    assert (status["state"], status["result"]["articles"]) == ("succeeded", 1995)
    assert len(status["result"]["rejected"]) == 5


def test_uploads_that_nothing_has_imported_are_removed_by_the_clock(shop: Shop) -> None:
    folder = shop.place.home / "instance" / "uploads"
    old, new = folder / "old.csv", folder / "new.csv"
    for path in (old, new):
        path.touch()
    os.utime(old, (0, 0))
    run = shop.place.ok("submit", "remove_old_uploads", "--wait").split()[0]
    assert json.loads(shop.place.ok("result", run)) == 1
    assert shop.uploads == [new]
    assert "03:00" in shop.place.ok("next")


def test_without_a_daemon_nothing_is_stored(shop: Shop) -> None:
    stop_daemon(shop.place)
    code, answer = shop.upload("prices.csv", HEADING + b"A-1,Nut,1,1\n")
    assert (code, answer) == (503, {"error": "imports are not possible at the moment"})
    assert shop.uploads == []
