"""A change of a program's source files is noticed."""

import os
from pathlib import Path

from rtd.flask.daemon.source_state import source_state
from tests.helpers.web_app import write


def test_the_state_differs_when_a_source_does(tmp_path: Path) -> None:
    write(tmp_path / "shop" / "tasks.py", "a = 1\n")
    states = [source_state(tmp_path)]
    write(tmp_path / "shop" / "tasks.py", "a = 12\n")
    states.append(source_state(tmp_path))
    os.utime(tmp_path / "shop" / "tasks.py", ns=(1, 1))  # the same size
    states.append(source_state(tmp_path))
    write(tmp_path / "more.py", "")
    states.append(source_state(tmp_path))
    assert len(set(states)) == 4
    for other in ("data.txt", ".git/x.py", "node_modules/x.py", "instance/x.py"):
        write(tmp_path / other, "")
    write(tmp_path / "env" / "pyvenv.cfg", "")
    write(tmp_path / "env" / "lib" / "x.py", "")
    assert source_state(tmp_path) == states[-1]
