"""Task files in YAML: what they may not do to the app's process, and what they may not cost."""

import subprocess
import sys
import time
from pathlib import Path

import pytest

from rtd import Session
from rtd.common.errors import PolicyError
from rtd.session.loaders.yaml_loader import YAMLLoader

yaml = pytest.importorskip("yaml")

BOMB = (
    "bomb:\n  command: 'true'\n  parameters:\n    a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
    + "".join(f"    a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 9))
)
MERGED = "bomb:\n  command: 'true'\n  parameters:\n    m0: &m0 {x: 1}\n" + "".join(
    f"    m{n}: &m{n} {{<<: [{', '.join([f'*m{n - 1}'] * 10)}]}}\n" for n in range(1, 9)
)


def load(folder: Path, text: str) -> None:
    """Read the tasks of one file."""
    (folder / "tasks.yaml").write_text(text)
    session = Session()
    YAMLLoader(path=folder).read(session, folder / "tasks.yaml")


@pytest.mark.parametrize("text", [BOMB, MERGED], ids=["aliases", "merged"])
def test_aliases_of_aliases_are_counted(tmp_path: Path, text: str) -> None:
    began = time.monotonic()
    with pytest.raises(PolicyError, match=r"more than 100,000 values.*tasks\.yaml, line"):
        load(tmp_path, text)
    assert time.monotonic() - began < 5


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("loop:\n  command: 'true'\n  parameters: &a\n    self: *a\n", "contains itself"),
        ("deep:\n  command: " + "[" * 5000 + "]" * 5000, "nested too deep"),
        ("date:\n  command: 2026-99-99\n", "cannot be read"),
        ("number:\n  command: " + "9" * 5000 + "\n", "cannot be read"),
        ("tag:\n  command: !!python/object/apply:os.system [true]\n", "could not determine"),
    ],
)
def test_other_values_that_cannot_be_read_say_where(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(PolicyError, match=said) as refusal:
        load(tmp_path, text)
    assert "tasks.yaml" in str(refusal.value)


def test_the_check_ends_with_one_line(tmp_path: Path) -> None:
    (tmp_path / "tasks.yaml").write_text(BOMB)
    (tmp_path / "filed.py").write_text(
        "from rtd import Session\nfrom rtd.tasks.loaders import YAMLLoader\n"
        "session = Session()\nYAMLLoader(path='.', session=session)\n"
    )
    done = subprocess.run(
        [Path(sys.executable).parent / "rtd", "check", "filed:session"], cwd=tmp_path,
        capture_output=True, text=True, check=False, timeout=20,
    )  # fmt: skip
    assert done.returncode != 0
    assert "100,000 values" in done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr


def test_the_loader_of_the_app_stays_as_it_is(tmp_path: Path) -> None:
    before = dict(yaml.SafeLoader.yaml_constructors)
    load(tmp_path, "fetch:\n  command: 'true'\n  parameters:\n    value: &a [1]\n    again: *a\n")
    assert yaml.SafeLoader.yaml_constructors == before
    with pytest.raises(yaml.YAMLError):
        yaml.safe_load("!Return x")
