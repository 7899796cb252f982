"""A headless Chromium, and the shop of `examples/flask_shop` for it. Run by `make test-browser`."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.helpers.daemon import DaemonMaker
from tests.helpers.flask_shop import SHOP, Shop

try:
    from playwright.sync_api import Browser, ConsoleMessage, Page, Request, expect, sync_playwright
except ModuleNotFoundError:
    pytest.exit("no playwright: `make test-browser` installs it", returncode=1)

#: Nothing but what the test does: no request to its makers, no data of a user.
FLAGS = [
    "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip


#: How long a page may take to show something.
WITHIN_MS = 40_000
expect.set_options(timeout=WITHIN_MS)


class Tab:
    """A page of the browser, with what it must not do.

    Attributes:
        page: of Playwright.
        faults: what the page has written to its console, raised, or wanted from other hosts.
    """

    def __init__(self, page: Page, shop: Shop) -> None:
        self.page = page
        self.faults: list[str] = []
        self.url = shop.url
        page.set_default_timeout(WITHIN_MS)
        page.on("console", self._on_console)
        page.on("pageerror", lambda error: self.faults.append(f"raised: {error}"))
        page.on("request", self._on_request)

    def _on_console(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.faults.append(f"console: {message.text}")

    def _on_request(self, request: Request) -> None:
        if not request.url.startswith((self.url, "data:")):
            self.faults.append(f"request: {request.url}")

    def forgive(self, *parts: str) -> None:
        """Take out the faults with one of these parts, which the test itself has brought about."""
        self.faults = [text for text in self.faults if not any(part in text for part in parts)]

    def upload(self, file: Path) -> None:
        """Upload a file as a person does; the page of its import is open then."""
        self.page.goto(self.url)
        self.page.locator("input[type=file]").set_input_files(file)
        self.page.get_by_role("button", name="Import").click()
        self.page.wait_for_url("**/imports/*")

    def wait_for_progress(self, above: int = 0) -> int:
        """Wait until the page shows more lines than these; return how many it shows."""
        shown = self.page.wait_for_function(
            """above => {
                const lines = parseInt(document.getElementById("lines")?.textContent);
                return lines > above ? lines : null;
            }""",
            arg=above,
        )
        lines: int = shown.json_value()
        return lines


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Debian's Chromium with a new, empty profile."""
    path = shutil.which("chromium")
    if path is None:
        pytest.exit("no chromium: make system-packages PACKAGES=chromium", returncode=1)
    sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []  # which root cannot have
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=path, args=[*FLAGS, *sandbox])
        yield found
        found.close()


@pytest.fixture
def pause_s(request: pytest.FixtureRequest) -> float:
    """How long an import pauses after every 25 lines; a test can give it another value."""
    return float(getattr(request, "param", 0.03))


@pytest.fixture
def shop(prepare_daemon: DaemonMaker, pause_s: float) -> Iterator[Shop]:
    """The shop, in directories of its own."""
    found = Shop(prepare_daemon(cwd=SHOP), pause_s)
    yield found
    found.interrupt()


@pytest.fixture
def tab(browser: Browser, shop: Shop) -> Iterator[Tab]:
    """A page in a new profile. It may have no faults at the end of its test."""
    context = browser.new_context(locale="en-GB")
    found = Tab(context.new_page(), shop)
    yield found
    context.close()
    assert not found.faults, "\n".join(found.faults)
