"""Serves the shop with its daemon until Ctrl-C: `make example-flask`.

Everything is in a temporary directory, which ends with it; with `--directory` in one that stays.
"""

import argparse
import os
import shutil
import signal
import sys
import tempfile
from pathlib import Path
from typing import Any

from shop import create_app
from shop.tasks import task_worker
from werkzeug.serving import make_server

from rtctl import RtdError

HERE = Path(__file__).resolve().parent
SAMPLE = HERE / "shop" / "static" / "price-list.csv"


def serve(home: Path, port: int) -> None:
    """Serve the web until SIGINT or SIGTERM; then end the daemon, too."""
    os.environ |= {
        "RTD_RUNTIME_DIR": str(home / "run"),
        "RTD_STATE_DIR": str(home / "state"),
        "SHOP_INSTANCE": str(home / "instance"),
    }
    rtctl = Path(sys.executable).with_name("rtctl")
    try:
        app = create_app()
        # Threads: each page that follows an import has a request that lasts.
        server = make_server("127.0.0.1", port, app, threaded=True)
        print(
            f"The shop is at http://127.0.0.1:{server.port}/\n"
            f"Upload {SAMPLE}\n"
            f"The runs: RTD_RUNTIME_DIR={home / 'run'} {rtctl} ls\n"
            "Ctrl-C ends the shop and its daemon.",
            flush=True,
        )
        server.serve_forever()
    finally:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # the end takes a moment, and is not cut off
        print("\nThe daemon ends when its runs are over ...", flush=True)
        if task_worker.apps:
            task_worker.stop()


def main() -> None:
    """Serve the shop."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--directory", type=Path, help="where the data and the daemon are to be")
    parser.add_argument("--port", type=int, default=os.environ.get("PORT") or "0")
    given = parser.parse_args()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, end)
    home = given.directory or Path(tempfile.mkdtemp(prefix="rtd-shop-"))
    try:
        serve(home.resolve(), given.port)
    except RtdError as error:
        sys.exit(f"shop: {error}")
    finally:
        if given.directory is None:
            shutil.rmtree(home, ignore_errors=True)


def end(*_: Any) -> None:
    """End in order, by way of each `finally`."""
    sys.exit(0)


if __name__ == "__main__":
    main()
