"""Configurations, apps and task files that another user has planted, or could change."""

import os
import subprocess
from pathlib import Path

import pytest

from tests.helpers.daemon import BIN, Daemon, DaemonMaker
from tests.helpers.other_user import NOBODY, STRANGER, give, needs_root, open_folder

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
    from rtd.config.load_settings import load_config
    from tests.helpers.other_user import as_user

    give_file(folder / "rtd.toml", 'name = "mine"\n', STRANGER)
    give(folder, STRANGER)

    def load() -> str:
        os.chdir(folder)
        return load_config().name

    assert as_user(STRANGER, load) == "mine"
    assert "belongs to uid 1234" in as_user(NOBODY, load)
