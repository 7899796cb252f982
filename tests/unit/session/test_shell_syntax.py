"""Which commands only a shell would understand."""

import pytest

from rtd import App
from rtd.session.tasks.shell_syntax import describe_shell_syntax
from rtd.tasks import CommandTask


def found(command: str | list[str], shell: bool = False) -> list[str]:
    app = App()
    task = CommandTask(command, name="one", shell=shell, session=app)
    return describe_shell_syntax({"one": task})


@pytest.mark.parametrize(
    ("command", "sign"),
    [
        ("echo a | cat", "|"), ("dump > file", ">"), ("dump 2>&1", "2>&1"), ("dump >> log", ">>"),
        ("sort < file", "<"), ("a && b", "&&"), ("a; b", ";"), ("serve &", "&"),
        ("ls $HOME", "$HOME"), ('ls "$HOME"', "$HOME"),
        ("echo $(date)", "$("), ("echo `date`", "`"), ("a || b", "||"),
    ],
)  # fmt: skip
def test_a_sign_of_a_shell_is_named(command: str, sign: str) -> None:
    (sentence,) = found(command)
    assert f"`{sign}` in its command" in sentence
    assert found(command, shell=True) == []


@pytest.mark.parametrize(
    "command",
    [
        "awk -F '|' x", 'grep "a > b" x', r"echo a \| b",
        "curl https://x.org/?a=1&b=2", "pip install a>=1",
        "sh -c 'echo out; echo >&2'", "find . -name *.py", ["echo", "|"], "echo 5$",
    ],
)  # fmt: skip
def test_ordinary_words_are_none(command: str | list[str]) -> None:
    assert found(command) == []
