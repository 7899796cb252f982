"""The installed wheel does what the pages show. Run by `make test-package`."""

import subprocess
import sys
from pathlib import Path

import pytest

from rtd.common.version import DISTRIBUTION, VERSION
from tests.docs.reader import Reader
from tests.helpers.daemon import Daemon
from tests.helpers.source import ROOT
from tests.package.conftest import Archives, Environment, make_environment, run

pytestmark = [pytest.mark.package, pytest.mark.timeout(300)]
PAGES = ["README.md", "docs/tutorial.md", "docs/guides/installation.md"]


def test_what_runs_is_the_installed_code(environment: Environment, tmp_path: Path) -> None:
    program = "import rtctl, rtd, yaml; print(rtd.__file__); print(rtctl.__file__)"
    files = run(environment, tmp_path, "python", "-c", program).stdout.split()
    assert all(Path(file).is_relative_to(environment.folder) for file in files)
    assert not any(Path(file).is_relative_to(ROOT) for file in files)


def test_both_commands_say_their_version(environment: Environment, place: Daemon) -> None:
    assert run(environment, place.home, "rtd", "--version").stdout == f"rtd {VERSION}\n"
    assert run(environment, place.home, "rtctl", "--version").stdout.startswith(f"rtctl {VERSION}")
    assert run(environment, place.home, "python", "-m", "rtd", "--help").stdout


@pytest.mark.parametrize("page", PAGES)
def test_a_page_does_what_it_shows(page: str, environment: Environment, place: Daemon) -> None:
    Reader(ROOT / page, place, environment.bin / "python").follow_page()


def test_manual_pages_and_units_are_where_the_guide_says(environment: Environment) -> None:
    share = environment.folder / "share"
    for name in ("rtd.1", "rtctl.1"):
        assert (share / "man" / "man1" / name).read_text() == (ROOT / "docs/man" / name).read_text()
    for name in ("rtd.service", "rtd@.service"):
        unit = share / "rtd" / "systemd" / name
        assert unit.read_text() == (ROOT / "systemd" / name).read_text()


def test_type_checkers_see_the_types(environment: Environment, tmp_path: Path) -> None:
    program = "import importlib.util as u; print(*u.find_spec('rtd').submodule_search_locations)"
    (folder,) = run(environment, tmp_path, "python", "-c", program).stdout.split()
    assert Path(folder, "py.typed").exists()
    assert Path(folder, "..", "rtctl", "py.typed").exists()


def test_removing_it_leaves_no_file(archives: Archives, tmp_path: Path) -> None:
    made = make_environment(tmp_path / "venv", "--without-pip")
    before = {path for path in made.folder.rglob("*") if "__pycache__" not in path.parts}
    pip = [sys.executable, "-m", "pip", "-qq", "--python", made.bin / "python"]
    subprocess.run([*pip, "install", "--no-deps", archives.wheel], cwd=tmp_path, check=True)
    assert (made.bin / "rtctl").exists()
    subprocess.run([*pip, "uninstall", "--yes", DISTRIBUTION], cwd=tmp_path, check=True)
    after = {path for path in made.folder.rglob("*") if "__pycache__" not in path.parts}
    assert {path for path in after - before if path.is_file()} == set()
