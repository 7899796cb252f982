"""The program of `examples/flask_shop`, for tests with and without a browser."""

import json
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

from tests.helpers.daemon import Daemon
from tests.helpers.source import ROOT
from tests.helpers.web_app import WebApp

SHOP = ROOT / "examples" / "flask_shop"
#: 2,000 lines; five of them are wrong.
PRICES = SHOP / "shop" / "static" / "price-list.csv"
_BOUNDARY = "a-line-of-no-price-list"


class Shop:
    """The shop with its daemon, which can be started again on the same port.

    Args:
        place: its directories.
        pause_s: how long an import pauses after every 25 lines.
    """

    def __init__(self, place: Daemon, pause_s: float = 0.0) -> None:
        self.place = place
        self._words = (str(SHOP / "serve.py"), "--directory", str(place.home))
        self._env = {"SHOP_IMPORT_PAUSE_S": str(pause_s)}
        self.web = WebApp(place, *self._words, env=self._env).wait_until_up()
        self.url = f"http://127.0.0.1:{self.web.port}/"

    def start_again(self) -> None:
        """Kill the web server, and start another one. The daemon goes on meanwhile."""
        self.web.end()
        self.web = WebApp(self.place, *self._words, env=self._env, port=self.web.port)
        self.web.wait_until_up()

    def interrupt(self, within_s: float = 20.0) -> int:
        """End it as Ctrl-C does, if it runs. Returns its exit code."""
        if self.web.process.poll() is None:
            self.web.interrupt()
        return self.web.process.wait(within_s)

    @property
    def uploads(self) -> list[Path]:
        """The uploads whose import is not over."""
        return list((self.place.home / "instance" / "uploads").iterdir())

    def upload(self, name: str, content: bytes) -> tuple[int, Any]:
        """Upload a file as a program does. Returns the status, and the JSON of the answer."""
        head = f'--{_BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="{name}"'
        request = urllib.request.Request(
            f"{self.url}imports.json",
            data=b"%s\r\n\r\n%s\r\n--%s--\r\n" % (head.encode(), content, _BOUNDARY.encode()),
            headers={"Content-Type": f"multipart/form-data; boundary={_BOUNDARY}"},
        )
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return answer.status, json.loads(answer.read())
        except urllib.error.HTTPError as error:
            return error.code, json.loads(error.read())

    def status(self, import_id: str) -> Any:
        """Return how far an import is."""
        return self.web.call(f"/imports/{import_id}.json")[1]

    def pids_of(self, import_id: str) -> list[int]:
        """Return the processes that an import has."""
        return [row["pid"] for row in json.loads(self.place.ok("show", import_id, "-j"))["tree"]]
