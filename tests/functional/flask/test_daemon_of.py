"""Tests of a web app with a real daemon: `rtd.testing.daemon_of`."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.helpers.daemon import BIN
from tests.helpers.web_app import write

SHOP = """
from flask import Flask
from rtd.flask import BackgroundTaskWorker

task_worker = BackgroundTaskWorker()

@task_worker.define_task
def double(number):
    return 2 * number

def create_app():
    app = Flask("shop")
    task_worker.init_app(app)
    task_worker.start()
    return app
"""
TEST = """
import pytest
from rtd.testing import daemon_of
from shop import create_app, double

@pytest.mark.parametrize("number", [1, 2])
def test_double(number):
    with daemon_of("shop:create_app()"), create_app().app_context():
        assert double.apply(number=number).result(timeout=30) == 2 * number
"""


@pytest.mark.slow
def test_apply_finds_the_daemon_of_each_test(tmp_path: Path) -> None:
    write(tmp_path / "shop.py", SHOP)
    write(tmp_path / "test_shop.py", TEST)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_shop.py"],
        cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False,
        env={"PATH": str(BIN), "HOME": str(tmp_path), "PYTHONPATH": str(tmp_path)},
    )  # fmt: skip
    assert "2 passed" in done.stdout, done.stdout + done.stderr
