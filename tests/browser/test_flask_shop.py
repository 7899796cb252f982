"""The example shop in a real browser: upload, progress, result, and what goes wrong."""

from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Tab
from tests.helpers.flask_shop import PRICES, Shop

pytestmark = pytest.mark.timeout(120)

#: Imports that last long enough for what a test does meanwhile.
slow_import = pytest.mark.parametrize("pause_s", [0.3], indirect=True)


@pytest.fixture
def few_prices(tmp_path: Path) -> Path:
    """The first 500 lines of the example: an import of 20 batches."""
    path = tmp_path / "few-prices.csv"
    path.write_text("".join(PRICES.read_text().splitlines(keepends=True)[:501]))
    return path


def test_an_upload_shows_its_progress_and_its_result(tab: Tab) -> None:
    tab.upload(PRICES)
    seen = [tab.wait_for_progress()]
    while len(seen) < 3:
        seen.append(tab.wait_for_progress(above=seen[-1]))
    assert 0 < seen[0] < seen[1] < seen[2] <= 2000
    expect(tab.page.locator("#articles")).to_have_text("1,995")
    expect(tab.page.locator("#rejected")).to_have_text("5")
    lines = tab.page.locator("#rejected-lines tbody tr").all_inner_texts()
    assert lines[0].split("\t") == [
        "121",
        "the price is no amount from 0.00 to 999999.99: 'on request'",
    ]
    assert lines[2].split("\t") == ["902", "article A-00900 is in line 901 already"]
    tab.page.goto(tab.page.url.rpartition("/imports/")[0])
    expect(tab.page.locator("#articles")).to_have_text("1,995")


def test_a_bad_file_shows_why_and_is_not_left_behind(tab: Tab, shop: Shop, tmp_path: Path) -> None:
    file = tmp_path / "supplier.csv"
    file.write_text("article;name;price;stock\nA-1;Nut;1.00;5\n")
    tab.upload(file)
    failure = tab.page.locator("#failure")
    expect(failure).to_contain_text("line 1 is the heading and must be article,name,price,stock")
    tab.page.reload()
    expect(failure).to_contain_text("it is article;name;price;stock")
    assert shop.uploads == []


def test_what_is_no_price_list_is_refused_at_once(tab: Tab, tmp_path: Path) -> None:
    picture, large = tmp_path / "cat.png", tmp_path / "large.csv"
    picture.write_bytes(b"\x89PNG")
    large.write_bytes(b"x" * (2 * 1024 * 1024 + 1))
    tab.page.goto(tab.url)
    tab.page.locator("input[type=file]").set_input_files(large)
    expect(tab.page.get_by_role("alert")).to_have_text("This file is larger than 2 MB.")
    expect(tab.page.get_by_role("button", name="Import")).to_be_disabled()
    tab.page.locator("input[type=file]").set_input_files(picture)
    tab.page.get_by_role("button", name="Import").click()
    expect(tab.page.get_by_role("alert")).to_have_text("cat.png is no CSV file.")
    tab.forgive("415")


@slow_import
def test_a_page_that_is_loaded_again_goes_on_with_the_progress(tab: Tab, few_prices: Path) -> None:
    tab.upload(few_prices)
    before = tab.wait_for_progress()
    tab.page.reload()
    after = tab.wait_for_progress(above=before)
    tab.wait_for_progress(above=after)
    expect(tab.page.locator("#articles")).to_have_text("498")


@pytest.mark.parametrize("pause_s", [0.6], indirect=True)
def test_a_page_goes_on_after_a_restart_of_the_web_server(
    tab: Tab, shop: Shop, few_prices: Path
) -> None:
    tab.upload(few_prices)
    before = tab.wait_for_progress()
    shop.start_again()
    tab.wait_for_progress(above=before)
    expect(tab.page.locator("#articles")).to_have_text("498")
    tab.forgive("ERR_CONNECTION_REFUSED", "ERR_INCOMPLETE_CHUNKED_ENCODING")


@slow_import
def test_a_stream_that_breaks_off_is_taken_up_again(tab: Tab, shop: Shop, few_prices: Path) -> None:
    first = 'retry: 50\ndata: {"state": "running", "progress": null}\n\n'
    tab.page.route(
        "**/events",
        lambda route: route.fulfill(body=first, content_type="text/event-stream"),
        times=1,
    )
    tab.upload(few_prices)
    before = tab.wait_for_progress()
    tab.wait_for_progress(above=before)
    expect(tab.page.locator("#articles")).to_have_text("498")
    log = shop.web.log.read_text()
    assert log.count("/events HTTP") == 1  # the second one of the page
    assert ".json" not in log


@slow_import
def test_a_browser_without_events_polls(tab: Tab, shop: Shop, few_prices: Path) -> None:
    tab.page.add_init_script("delete window.EventSource")
    tab.upload(few_prices)
    before = tab.wait_for_progress()
    tab.wait_for_progress(above=before)
    expect(tab.page.locator("#articles")).to_have_text("498")
    assert "/events" not in shop.web.log.read_text()


@slow_import
def test_a_browser_polls_where_events_do_not_get_through(
    tab: Tab, shop: Shop, few_prices: Path
) -> None:
    tab.page.route("**/events", lambda route: route.fulfill(status=502))
    tab.upload(few_prices)
    before = tab.wait_for_progress()
    tab.wait_for_progress(above=before)
    expect(tab.page.locator("#articles")).to_have_text("498")
    tab.forgive("502")


def test_ctrl_c_ends_the_shop_and_its_daemon(shop: Shop) -> None:
    assert "HTTP" not in shop.web.log.read_text()
    assert shop.interrupt() == 0
    assert shop.place.processes() == []
