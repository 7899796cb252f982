"""rtctl starts in the time Python takes."""

import sys

import pytest

from tests.helpers.daemon import Daemon

HEAVY = ("redis", "asyncio", "psutil", "inspect", "dataclasses", "argparse", "socket", "typing",
         "re", "enum", "json", "pathlib", "subprocess", "logging")  # fmt: skip
LIBRARY = ("redis", "hiredis", "asyncio", "psutil", "inspect", "dataclasses", "rtd.session")


def loaded(jobs: Daemon, script: str) -> set[str]:
    """Return the modules that a script has loaded, beyond those that Python always has."""
    done = jobs.python(f"import sys\nbefore = set(sys.modules)\n{script}\n"
                       "print('\\n'.join(set(sys.modules) - before), file=sys.stderr)")  # fmt: skip
    assert done.returncode == 0, done.stderr
    return set(done.stderr.split())


@pytest.mark.parametrize(
    "verb", ["ls", "ping", "kill --help", "queue ls", "logs {run}", "wait {run}"]
)
def test_a_verb_loads_nothing_heavy(jobs: Daemon, verb: str) -> None:
    run = jobs.ok("submit", "add", "a:=1", "--wait").strip()
    words = verb.format(run=run).split()
    found = loaded(jobs, f"from rtctl.main import main\nassert main({words!r}) == 0")
    assert not found & set(HEAVY)
    others = {name for name in found if name.startswith("rtctl.commands.")}
    assert len(others) <= 2, "only the verb that was asked for"


def test_the_library_loads_neither_redis_nor_asyncio(jobs: Daemon) -> None:
    found = loaded(jobs, "from rtctl import Client\nClient().submit('add', a=1).wait(20)")
    assert not found & set(LIBRARY)


def test_importing_it_costs_next_to_nothing(jobs: Daemon) -> None:
    found = loaded(jobs, "import rtctl")
    assert found <= {"rtctl", "__future__"}
    assert "asyncio" in loaded(jobs, "from rtctl import AsyncClient")
    assert sys.version_info >= (3, 11)
