"""rtctl graph: which task waits for which."""

import json
import xml.etree.ElementTree as ET
from pathlib import Path

from tests.helpers.daemon import Daemon, DaemonMaker

APP = """
from rtd import Session
from rtd.arguments import Return

session = Session()

@session.task
def get_data(): ...

@session.task(start_cond="after task 'get_data' succeeded", parameters={"data": Return("get_data")})
def transform_data(data): ...

@session.task(start_cond="after task 'get_data' failed", end_cond="task 'get_data' is running")
def report_errors(): ...
"""


def test_the_graph_of_an_app(start_daemon: DaemonMaker, tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(APP)
    daemon = start_daemon("app.py", cwd=tmp_path)
    daemon.env["PYTHONIOENCODING"] = "utf-8"
    assert daemon.ok("graph").splitlines() == [
        "get_data",
        "├─ failed, ends it: running → report_errors",
        "└─ succeeded, result as data → transform_data",
    ]
    assert daemon.ok("graph", "transform_data", "-q").split() == ["get_data", "transform_data"]
    assert daemon.ok("graph", "-o", "mermaid").startswith("flowchart LR\n")
    assert ET.fromstring(daemon.ok("graph", "-o", "svg")).tag.endswith("svg")
    found = json.loads(daemon.ok("graph", "-j"))
    assert [edge["kind"] for edge in found["edges"]] == ["after", "ends", "after", "given"]
    assert "├" not in daemon.rtctl("graph", "-o", "tree").stderr
    daemon.env["PYTHONIOENCODING"] = "ascii"
    assert "`- succeeded, result as data -> transform_data" in daemon.ok("graph")
    done = daemon.rtctl("graph", "transform")
    assert (done.returncode, done.stderr.count("\n")) == (5, 1)
    assert daemon.rtctl("graph", "-o", "wide").returncode == 2


def test_without_an_app_there_is_nothing_to_draw(daemon: Daemon) -> None:
    done = daemon.rtctl("graph")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "rtctl: there are no tasks\n")
