"""The steps of the Containerfile work, in an empty environment instead of an image.

The files of the image lie in a temporary folder: `/srv/app` and the directories of rtd. Steps that
need the rights of an image are named here; every other step is carried out.
"""

import json
import os
import re
import shlex
import shutil
import signal
import subprocess
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.helpers.daemon import Daemon
from tests.helpers.deadline import until
from tests.helpers.source import ROOT
from tests.package.conftest import Archives, Environment, make_environment

pytestmark = [pytest.mark.package, pytest.mark.timeout(300)]
FOLDER = ROOT / "examples" / "container"
KNOWN = {
    "FROM", "ARG", "WORKDIR", "COPY", "RUN", "USER", "ENV", "VOLUME", "HEALTHCHECK", "STOPSIGNAL",
    "ENTRYPOINT", "CMD",
}  # fmt: skip
#: Commands that change the system's users.
OF_THE_IMAGE = ("useradd ",)


class Step(NamedTuple):
    """An instruction with its words."""

    name: str
    text: str


def steps() -> list[Step]:
    """The instructions, with continued lines joined, in their order."""
    text = (FOLDER / "Containerfile").read_text().replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    return [Step(*line.split(maxsplit=1)) for line in lines]


def only(name: str) -> str:
    """The text of the one instruction of this name."""
    (text,) = (step.text for step in steps() if step.name == name)
    return text


def exec_form(text: str) -> list[str]:
    """The words of a command that no shell reads: so that rtd itself is process 1."""
    words = json.loads(text[text.index("[") :])
    assert all(isinstance(word, str) for word in words)
    return list(words)


class Image:
    """A folder in which the steps are carried out, with the environment in place of FROM.

    Args:
        archives: the wheel lies in the build context, as the comment of the file says.
    """

    def __init__(self, root: Path, environment: Environment, archives: Archives) -> None:
        self.context, self.app = root / "context", root / "srv"
        shutil.copytree(FOLDER, self.context)
        shutil.copy(archives.wheel, self.context)
        self.app.mkdir()
        package = f"./{archives.wheel.name}[embedded]"
        self.variables = {**environment.variables, "PACKAGE": package}

    def build(self) -> None:
        """Carry out COPY and RUN."""
        for step in steps():
            if step.name == "COPY":
                *sources, _ = step.text.split()
                for source in sources:
                    for path in self.context.glob(source):
                        shutil.copy(path, self.app)
            elif step.name == "RUN" and not step.text.startswith(OF_THE_IMAGE):
                subprocess.run(
                    step.text, shell=True, cwd=self.app, env=self.variables, check=True,
                    capture_output=True,
                )  # fmt: skip


@pytest.fixture
def image(archives: Archives, tmp_path: Path) -> Image:
    made = Image(tmp_path, make_environment(tmp_path / "venv"), archives)
    made.build()
    return made


def test_each_instruction_is_one_that_this_test_knows() -> None:
    assert {step.name for step in steps()} <= KNOWN
    assert only("FROM") == "docker.io/library/python:3.13-slim"
    assert only("ARG") == 'PACKAGE="rtd-daemon[embedded]"'
    directories = dict(word.split("=") for word in only("ENV").split())
    assert directories["RTD_STATE_DIR"] == only("VOLUME")
    made = next(step.text for step in steps() if step.text.startswith(OF_THE_IMAGE))
    assert set(directories.values()) <= set(made.split())
    user = only("USER")
    assert re.search(rf"useradd\b.* {user} ", made)
    assert f"--owner={user} --group={user}" in made


def test_the_image_serves_is_healthy_and_ends_in_order(image: Image) -> None:
    daemon = Daemon(env=image.variables, cwd=image.app)
    daemon.command = exec_form(only("ENTRYPOINT")) + exec_form(only("CMD"))
    daemon.executable = Path(image.variables["PATH"].split(os.pathsep)[0], daemon.command[0])
    try:
        daemon.start(within_s=60)
        check = exec_form(only("HEALTHCHECK"))
        healthy = lambda: _run(check, daemon).returncode == 0  # noqa: E731
        until(healthy, what="the health check succeeds")
        done = _run(shlex.split("rtctl run count to:=3"), daemon)
        assert done.returncode == 0, done.stderr
        assert daemon.process is not None
        daemon.process.send_signal(signal.Signals[only("STOPSIGNAL")])
        assert daemon.process.wait(30) == 0
        assert _run(check, daemon).returncode == 7
    finally:
        left = daemon.close()
    assert not left


def _run(words: list[str], daemon: Daemon) -> subprocess.CompletedProcess[str]:
    folder = daemon.env["PATH"].split(os.pathsep)[0]
    return subprocess.run(
        words,
        executable=Path(folder, words[0]), cwd=daemon.cwd, env=daemon.env, capture_output=True,
        text=True, check=False,
    )  # fmt: skip
