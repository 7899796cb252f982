"""The repository is as its README says: locked, packaged, with targets that exist."""

import re
import runpy
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

from rtd.common.version import VERSION
from tests.helpers.source import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def names(requirements: list[str]) -> set[str]:
    """The normalised names of requirements."""
    found = (re.match(r"[A-Za-z0-9._-]+", requirement) for requirement in requirements)
    return {re.sub(r"[-_.]+", "-", match[0]).lower() for match in found if match}


def locked_with_hashes(lock: str) -> set[str]:
    """The packages of a lock file, of which each must have hashes."""
    text = (ROOT / "requirements" / f"{lock}.lock").read_text()
    locked = re.findall(r"^([a-z0-9-]+)==[^\\]*\\\n +--hash=sha256:", text, re.MULTILINE)
    assert len(re.findall(r"^[a-z0-9-]+==", text, re.MULTILINE)) == len(locked)
    return set(locked)


def test_everything_that_is_needed_is_locked_with_hashes() -> None:
    wanted = names(PROJECT["dependencies"]) | names(PROJECT["optional-dependencies"]["dev"])
    assert wanted <= locked_with_hashes("dev")


def test_the_wheel_with_redis_is_locked_with_hashes() -> None:
    wanted = names(PROJECT["optional-dependencies"]["embedded"])
    assert wanted == locked_with_hashes("redis-server")


def test_the_wheel_holds_scripts_types_and_lua(tmp_path: Path) -> None:
    build = ["pip", "wheel", "-qq", "--no-deps", "--no-build-isolation", "--wheel-dir"]
    subprocess.run([sys.executable, "-m", *build, tmp_path, ROOT], check=True)
    (wheel,) = tmp_path.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        held = set(archive.namelist())
        points = archive.read(f"rtd_daemon-{VERSION}.dist-info/entry_points.txt").decode()
    source = {
        str(path.relative_to(ROOT))
        for top in ("rtd", "rtctl")
        for path in (ROOT / top).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert source <= held
    assert {"rtd/py.typed", "rtctl/py.typed"} <= held
    assert any(name.endswith(".lua") for name in held)
    assert {"rtd = rtd.__main__:main", "rtctl = rtctl.__main__:main"} <= set(points.splitlines())
    assert not any(name.startswith(("tests/", "docs/", "examples/")) for name in held)


def test_readme_opens_with_its_two_commands() -> None:
    opening = (ROOT / "README.md").read_text().splitlines()[:25]
    text = "\n".join(opening)
    assert "make demo" in text
    assert "make test" in text


def test_ci_calls_only_targets_that_anyone_can_call() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    steps = re.findall(
        r"^ *(?:step|beside) (.*)$", (ROOT / ".ci" / "run").read_text(), re.MULTILINE
    )
    called = set(re.findall(r"([a-z-]+) \d+", " ".join(steps)))  # each with its limit in seconds
    assert {"test", "lint", "docs"} <= called
    assert called <= targets


def test_set_up_refuses_an_old_python_in_one_line(tmp_path: Path) -> None:
    script = (ROOT / "tools" / "setup_env.py").read_text()
    wrapped = (
        f"import sys\nsys.version_info = (3, 10, 1)\n__file__ = {str(ROOT)!r} + '/tools/x.py'\n"
    )
    body = script.replace("from __future__ import annotations\n", "")
    done = subprocess.run(
        [sys.executable, "-c", wrapped + body, str(tmp_path / "venv")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "needs Python 3.11 or newer" in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert not (tmp_path / "venv").exists()


def test_set_up_does_nothing_where_it_was_done_already(tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "python").symlink_to(sys.executable)
    script = ROOT / "tools" / "setup_env.py"
    stamp = runpy.run_path(str(script))["_fingerprint"]()
    (tmp_path / "rtd-setup.stamp").write_text(stamp)
    command = [sys.executable, script, tmp_path]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bin", "rtd-setup.stamp"]
