"""Every command that installs rtd names its distribution: the package `rtd` belongs to others."""

import re
import tomllib
from collections.abc import Iterator

from rtd.common.version import DISTRIBUTION, VERSION
from tests.helpers.prose import PAGES, files, passages
from tests.helpers.source import ROOT

_INSTALL = re.compile(
    r"\b(?:pip3?|pipx|uv tool|uv pip) install\b|\b(?:uv|poetry|pdm|pipenv) (?:add|install)\b"
    r"|\b(?:uvx|pipx run)\b"
)
#: A command ends with its line, its backticks, or where the shell ends it.
_END = re.compile(r"[\n`;&|]")
_OURS = re.compile(r"(?:rtd|rtctl)(?![a-z0-9])", re.IGNORECASE)
#: Files of other kinds that name the distribution.
MORE = ("Makefile", "pyproject.toml", "systemd/rtd.service", "systemd/rtd@.service")


def installed(text: str) -> Iterator[str]:
    """The packages that the commands in a text install and whose names look like ours."""
    for found in _INSTALL.finditer(text):
        command = _END.split(text[found.end() :], maxsplit=1)[0]
        for word in re.split(r"[\s,()]+", command.replace("\\", " ")):
            requirement = word.strip("\"'.:")
            if _OURS.match(requirement) and not requirement.endswith((".service", ".toml")):
                yield requirement


def is_right(requirement: str) -> bool:
    """Whether a requirement is one of our distribution, or a file that was built from it."""
    name = re.split(r"[\[=<>~!@]", requirement, maxsplit=1)[0]
    return name == DISTRIBUTION or name.startswith(f"{DISTRIBUTION.replace('-', '_')}-")


def texts() -> Iterator[tuple[str, str]]:
    """All texts of the project that may name a command, with their places."""
    for path in files(PAGES, "*"):
        if path.suffix in {".md", ".txt", ".sh", ""} and path.is_file():
            yield str(path.relative_to(ROOT)), path.read_text()
    for passage in passages():
        if passage.path.endswith(".py"):
            yield passage.place, passage.text
    for name in MORE:
        yield name, (ROOT / name).read_text()


def test_every_command_that_installs_rtd_names_its_distribution() -> None:
    found = [(place, requirement) for place, text in texts() for requirement in installed(text)]
    wrong = [f"{place}: {requirement}" for place, requirement in found if not is_right(requirement)]
    assert not wrong, f"the name is {DISTRIBUTION}: " + "\n".join(wrong)
    assert found


def test_the_distribution_has_the_name_and_version_that_the_code_says() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())
    assert settings["project"]["name"] == DISTRIBUTION
    assert "version" in settings["project"]["dynamic"]
    source = (ROOT / settings["tool"]["hatch"]["version"]["path"]).read_text()
    assert f'VERSION = "{VERSION}"' in source


def test_the_rule_sees_a_wrong_name() -> None:
    page = (
        "Run `pip install rtd` or `pip install -U 'rtd[yaml]'`; pipx install \"rtctl\"\n"
        "uv tool install rtd-daemon[embedded]\nuv add rtd_tools && rtd run\n"
        "pip install dist/rtd_daemon-0.1.0-py3-none-any.whl redis\nuvx rtd\n"
    )
    assert [word for word in installed(page) if not is_right(word)] == [
        "rtd", "rtd[yaml]", "rtctl", "rtd_tools", "rtd",
    ]  # fmt: skip
    assert list(installed("`pip install '.[dev]'` installs rtd; pip install redis")) == []
    assert is_right("rtd-daemon[embedded]==0.1.0")
    assert not is_right("rtd-daemons")
