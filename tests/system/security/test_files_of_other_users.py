"""Configurations, apps and task files that another user has planted, or could change."""

import importlib
import importlib.machinery
import importlib.util
import os
import subprocess
from pathlib import Path

import pytest

from rtd.common.errors import ConfigError
from rtd.config.load_settings import load_config
from rtd.store.embedded.choose_server import _examine, probe_named_server
from tests.helpers.daemon import BIN, Daemon, DaemonMaker
from tests.helpers.other_user import NOBODY, STRANGER, as_user, give, needs_root, open_folder

APP = "from rtd import Session\n\nsession = Session()\n\n@session.task()\ndef go(): ...\n"
#: Prints a mark when it is imported.
POISON = "import os; os.write(2, b'IMPORTED\\n')\n"

pytestmark = needs_root


def rtd(place: Daemon, *words: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run the command `rtd` in a directory, as root."""
    return subprocess.run(
        ["rtd", *words],
        executable=BIN / "rtd", cwd=cwd, env=place.env, capture_output=True, text=True,
        timeout=60, check=False,
    )  # fmt: skip


@pytest.fixture
def place(prepare_daemon: DaemonMaker) -> Daemon:
    """An environment; nothing is started."""
    return prepare_daemon()


@pytest.mark.parametrize(
    ("verb", "mode", "owner", "file_owner", "reason"),
    [
        ("start", 0o755, NOBODY, NOBODY, "belongs to uid 65534 (nobody)"),
        ("run", 0o1777, 0, NOBODY, "belongs to uid 65534 (nobody)"),
        ("run", 0o1777, 0, 0, "others may write in its directory"),
        ("run", 0o755, STRANGER, 0, "belongs to uid 1234"),
    ],
)
def test_a_planted_configuration_is_refused_by_name(
    place: Daemon, verb: str, mode: int, owner: int, file_owner: int, reason: str
) -> None:
    with open_folder(mode, owner) as folder:
        give_file(folder / "rtd.toml", 'group = "nogroup"\n', file_owner)
        done = rtd(place, verb, cwd=folder)
        assert done.returncode == 2, done
        assert done.stderr.count("\n") == 1
        assert f"{folder}/rtd.toml" in done.stderr
        assert reason in done.stderr


def give_file(path: Path, text: str, owner: int = 0, mode: int = 0o644) -> Path:
    """Make a file of a user."""
    path.write_text(text)
    return give(path, owner, mode)


def test_a_configuration_behind_a_link_of_another_user_is_refused(
    place: Daemon, folder: Path
) -> None:
    (folder / "safe").mkdir()
    give_file(folder / "safe" / "rtd.toml", 'name = "fine"\n')
    with open_folder(0o1777) as work:
        (work / "rtd.toml").symlink_to(folder / "safe" / "rtd.toml")
        assert "others may write in its directory" in rtd(place, "run", cwd=work).stderr
    (folder / "rtd.toml").symlink_to(folder / "safe" / "rtd.toml")
    give(folder / "rtd.toml", NOBODY)
    assert "belongs to uid 65534" in rtd(place, "run", cwd=folder).stderr


def test_a_configuration_that_all_may_write_is_refused(place: Daemon, folder: Path) -> None:
    give_file(folder / "rtd.toml", "", mode=0o666)
    done = rtd(place, "run", cwd=folder)
    assert (done.returncode, "`chmod go-w` it" in done.stderr) == (2, True)


def test_root_reads_no_named_configuration_of_another_user(place: Daemon, folder: Path) -> None:
    file = give_file(folder / "x.toml", "", STRANGER)
    place.env["RTD_CONFIG"] = str(file)
    done = rtd(place, "run", cwd=folder)
    assert done.returncode == 2, done
    assert "belongs to uid 1234; or `chown root` it" in done.stderr


def test_what_belongs_to_root_is_taken(place: Daemon, folder: Path) -> None:
    give_file(folder / "rtd.toml", 'no_such = "setting"\n', mode=0o664)
    assert "unknown setting 'no_such'" in rtd(place, "run", cwd=folder).stderr


@pytest.mark.parametrize("words", [["check"], ["simulate", "0", "1"]])
def test_modules_planted_in_the_working_directory_are_not_imported(
    place: Daemon, folder: Path, words: list[str]
) -> None:
    names = ["rtd", "json", "sqlite3", "msgpack", "no_such_module"]
    tries = [f"try: import {name}\nexcept ImportError: pass\n" for name in names]
    give_file(folder / "app.py", "".join(tries) + APP)
    with open_folder(0o1777) as work:
        for name in names:
            give_file(work / f"{name}.py", POISON, NOBODY)
        done = rtd(place, words[0], f"{folder}/app.py", *words[1:], cwd=work)
    assert done.returncode == 0, done
    assert "IMPORTED" not in done.stderr


def test_modules_beside_an_app_do_not_take_the_place_of_pythons_own(
    place: Daemon, folder: Path
) -> None:
    for name in ("sqlite3", "json"):
        give_file(folder / f"{name}.py", POISON)
    give_file(folder / "helper.py", "import sqlite3, json\n")
    for app in ("app.py", "app:session"):
        give_file(folder / "app.py", f"import helper\n{APP}")
        done = rtd(place, "check", app, cwd=folder)
        assert (done.returncode, "IMPORTED" in done.stderr) == (0, False), done
    assert "Python's own" in rtd(place, "check", "sqlite3:session", cwd=folder).stderr


@pytest.mark.parametrize(
    ("app", "owner", "mode", "reason"),
    [
        ("app.py", NOBODY, 0o755, "belongs to uid 65534"),
        ("app.py", 0, 0o1777, "others may write in its directory"),
        ("app:session", 0, 0o1777, "root imports nothing from the working directory"),
        ("app:session", NOBODY, 0o755, "root imports nothing from the working directory"),
    ],
)
def test_root_imports_no_app_that_another_user_could_change(
    place: Daemon, app: str, owner: int, mode: int, reason: str
) -> None:
    with open_folder(mode, owner) as work:
        give_file(work / "app.py", POISON + APP, owner)
        done = rtd(place, "run" if mode == 0o755 else "check", app, cwd=work)
        assert done.returncode != 0, done
        assert reason in done.stderr
        assert "IMPORTED" not in done.stderr
        assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("app", "planted"),
    [
        ("app:session", "app.py"),
        ("shop.app:session", "shop/__init__.py"),
        ("shop.app:session", "shop"),
        ("shop/app.py", "shop/__init__.py"),
        ("shop/app.py", "shop"),
    ],
)
def test_each_file_that_the_import_of_an_app_reads_belongs_to_root(
    place: Daemon, folder: Path, app: str, planted: str
) -> None:
    (folder / "shop").mkdir()
    for name in ("app.py", "shop/__init__.py", "shop/app.py"):
        give_file(folder / name, POISON + APP)
    give(folder / planted, NOBODY)
    done = rtd(place, "check", app, cwd=folder)
    assert "65534" in done.stderr, done
    assert "because root runs this" in done.stderr
    assert "IMPORTED" not in done.stderr


@pytest.mark.parametrize("owner_of", ["__pycache__", "file"])
def test_bytecode_of_another_user_is_not_run(place: Daemon, folder: Path, owner_of: str) -> None:
    """A directory that another user had made before root took the app over."""
    app = give_file(folder / "app.py", APP)
    bytecode = Path(importlib.util.cache_from_source(str(app)))
    bytecode.parent.mkdir()
    seen = app.stat()
    loader = importlib.machinery.SourceFileLoader("app", str(app))
    code = loader.source_to_code((POISON + APP).encode(), str(app))
    bytecode.write_bytes(
        importlib._bootstrap_external._code_to_timestamp_pyc(  # type: ignore[attr-defined]
            code, int(seen.st_mtime), seen.st_size
        )
    )
    give(bytecode.parent if owner_of == "__pycache__" else bytecode, STRANGER)
    done = rtd(place, "check", "app.py", cwd=folder)
    assert "IMPORTED" not in done.stderr
    assert "belongs to uid 1234" in done.stderr, done
    assert "remove that directory" in done.stderr
    give(bytecode.parent, 0)
    give(bytecode, 0)
    assert "IMPORTED" in rtd(place, "check", "app.py", cwd=folder).stderr, "the planted code works"


def test_task_files_of_other_users_are_faults_and_not_imported(place: Daemon, folder: Path) -> None:
    tasks = folder / "tasks"
    tasks.mkdir()
    give_file(tasks / "good.py", "")
    give_file(tasks / "bad.py", POISON, NOBODY)
    give_file(tasks / "bad.yaml", "evil:\n  command: id\n", NOBODY)
    give_file(
        folder / "app.py",
        "from rtd.tasks.loaders import PyLoader, YAMLLoader\n" + APP
        + "PyLoader('tasks', session=session)\nYAMLLoader('tasks', session=session)\n",
    )  # fmt: skip
    done = rtd(place, "check", "app.py", cwd=folder)
    assert done.stderr.count("because root runs this: it belongs to uid 65534") == 2, done.stderr
    assert "IMPORTED" not in done.stderr
    assert "evil" not in done.stdout


def test_a_function_by_name_is_not_read_from_a_file_of_another_user(
    place: Daemon, folder: Path
) -> None:
    give_file(folder / "jobs.py", f"def main():\n    {POISON}", NOBODY)
    give_file(
        folder / "app.py",
        "from rtd import Session\nfrom rtd.tasks import FuncTask\nsession = Session()\n"
        "FuncTask(path='jobs.py', func_name='main', name='f', session=session)\n",
    )
    daemon = place
    daemon.cwd, daemon.command = folder, ["rtd", "run", "app.py"]
    daemon.start()
    done = daemon.rtctl("run", "f")
    assert done.returncode != 0
    assert "belongs to uid 65534" in done.stderr
    assert "IMPORTED" not in done.stderr


def test_another_user_runs_what_is_its_own(folder: Path) -> None:
    """In a container or a checkout all belongs to the user that runs rtd, also without a name."""
    give_file(folder / "rtd.toml", 'name = "mine"\n', STRANGER)
    give(folder, STRANGER)

    def load() -> str:
        os.chdir(folder)
        return load_config().name

    assert as_user(STRANGER, load) == "mine"
    assert "belongs to uid 1234" in as_user(NOBODY, load)


def test_root_starts_no_redis_server_that_another_user_could_change(folder: Path) -> None:
    """Not even to see its version."""
    program = give_file(folder / "redis-server", f"#!/bin/sh\ntouch {folder}/started\n", mode=0o755)
    give(program, NOBODY)
    found = _examine(program, None)
    assert "is not started by root: it belongs to uid 65534" in found.describe()
    assert not (folder / "started").exists()
    with pytest.raises(ConfigError, match="does not run here as a Redis server"):
        probe_named_server(program)  # an administrator has named it
    assert (folder / "started").exists()
    give(program, 0)
    assert "does not run here" in _examine(program, None).describe()
