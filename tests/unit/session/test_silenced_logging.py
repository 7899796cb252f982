"""The task log goes on when an app configures logging after it has made its session."""

import subprocess
import sys
from pathlib import Path

import pytest

HEAD = """
import configparser, logging, logging.config
from rtd import Session
session = Session(scheme="log_csv")
seen = []
class Own(logging.Handler):
    def emit(self, record):
        seen.append(record.action)
logging.getLogger("rtd.task").addHandler(Own())
"""
TAIL = """
from rtd.model.task_log_entry import LogRow
from rtd.session.app.manifest import manifest_of
from rtd.session.task_log.emitter import Emitter
info = manifest_of(session).info
emitter = Emitter()
for action in ("run", "success", "fail"):
    emitter.emit(LogRow("fetch", action, "01", 1.0, 2.0))
emitter.flush()
print(info.logged, info.log.startswith("csv:"), *seen)
print(*(record["action"] for record in session.get_task_log()))
"""
SILENCERS = {
    "a configuration": "logging.config.dictConfig({'version': 1})",
    "one with a root": "logging.config.dictConfig({'version': 1, 'root': {'level': 'ERROR'}})",
    "a file": (
        "parser = configparser.ConfigParser()\n"
        "parser.read_string('[loggers]\\nkeys=root\\n[handlers]\\nkeys=\\n[formatters]\\nkeys=\\n'\n"
        "    '[logger_root]\\nlevel=ERROR\\nhandlers=\\n')\n"
        "logging.config.fileConfig(parser)"
    ),
    "a level for all": "logging.disable(logging.CRITICAL)",
    "a disabled logger": "logging.getLogger('rtd.task').disabled = True",
    "one above it": "logging.getLogger('rtd').disabled = True",
    "no propagation": "logging.getLogger('rtd.task').propagate = False",
    "basicConfig": "logging.basicConfig(force=True, level=logging.ERROR)",
    "a shutdown": "logging.shutdown()",
}
REMOVERS = {
    "removed handlers": (
        "for name in list(logging.root.manager.loggerDict):\n"
        "    logging.getLogger(name).handlers.clear()"
    ),
    "a configuration of this logger": (
        "logging.config.dictConfig({'version': 1, 'loggers': {'rtd.task': {'level': 'INFO'}}})"
    ),
    "forgotten loggers": "logging.root.manager.loggerDict.clear()",
}


def outcome(folder: Path, text: str) -> list[str]:
    """The lines that an app with this text in it prints, in a process of its own."""
    code = HEAD + text + TAIL
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, timeout=60,
        check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.splitlines()


@pytest.mark.parametrize("what", SILENCERS)
def test_what_silences_loggers_does_not_silence_the_task_log(what: str, tmp_path: Path) -> None:
    first, second = outcome(tmp_path, SILENCERS[what])
    assert first == "True True run success fail"
    assert second == "run success fail"


@pytest.mark.parametrize("what", REMOVERS)
def test_what_removes_all_handlers_leaves_those_of_the_scheme(what: str, tmp_path: Path) -> None:
    first, second = outcome(tmp_path, REMOVERS[what])
    assert first == "True True"
    assert second == "run success fail"


def test_a_level_that_the_app_sets_for_the_task_log_counts(tmp_path: Path) -> None:
    first, second = outcome(tmp_path, "logging.getLogger('rtd.task').setLevel('ERROR')")
    assert (first, second) == ("True True fail", "fail")
