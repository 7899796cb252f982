"""The archives hold what they should. Run by `make test-package`."""

import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from rtd.common.version import VERSION
from tests.helpers.source import ROOT
from tests.package.conftest import Archives, build

pytestmark = [pytest.mark.package, pytest.mark.timeout(300)]
DATA = f"rtd_daemon-{VERSION}.data/data/share"


def contents(wheel: Path) -> list[str]:
    with zipfile.ZipFile(wheel) as archive:
        return sorted(archive.namelist())


def test_the_wheel_holds_code_scripts_manual_pages_and_units(archives: Archives) -> None:
    held = set(contents(archives.wheel))
    assert {"rtd/py.typed", "rtctl/py.typed", "rtd/store/lua/take.lua"} <= held
    assert {f"{DATA}/man/man1/rtd.1", f"{DATA}/man/man1/rtctl.1"} <= held
    assert {f"{DATA}/rtd/systemd/rtd.service", f"{DATA}/rtd/systemd/rtd@.service"} <= held
    tops = {name.partition("/")[0] for name in held}
    assert tops == {"rtd", "rtctl", DATA.partition("/")[0], f"rtd_daemon-{VERSION}.dist-info"}


def test_the_wheel_of_the_source_archive_is_that_of_the_checkout(
    archives: Archives, tmp_path: Path
) -> None:
    out = tmp_path / "dist"
    out.mkdir()
    build(ROOT, "--wheel", out=out)
    (wheel,) = out.glob("*.whl")
    assert contents(wheel) == contents(archives.wheel)


def test_the_source_archive_holds_every_file_of_the_repository(archives: Archives) -> None:
    tracked = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split("\0")
    with tarfile.open(archives.sdist) as archive:
        held = {name.partition("/")[2] for name in archive.getnames()}
    assert {name for name in tracked if name and (ROOT / name).exists()} <= held
    assert not [name for name in held if "__pycache__" in name or name.startswith(".venv")]
    assert not [name for name in held if name.startswith(("docs/_build", "dist/", "build/"))]


def test_the_tests_of_the_source_archive_run_in_it(archives: Archives) -> None:
    pytest_here = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-n", "0"]
    done = subprocess.run(
        [*pytest_here, "tests/unit/model"],
        cwd=archives.source, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-4000:] + done.stderr


def test_an_index_would_accept_the_archives(archives: Archives) -> None:
    twine = [sys.executable, "-m", "twine", "check", "--strict"]
    done = subprocess.run(
        [*twine, archives.sdist, archives.wheel], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("PASSED") == 2
