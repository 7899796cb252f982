"""What processes are called in lists: the program, and no secrets."""

import pytest

from rtd.process.tree.program_name import only_program, program_name


@pytest.mark.parametrize(
    ("argv", "name"),
    [
        (["sleep", "60"], "sleep 60"),
        (["/usr/bin/python3", "x.py", "--fast"], "python3 x.py"),
        (["/usr/bin/python3", "-m", "http.server"], "python3 -m http.server"),
        (["/usr/bin/python3", "-c", "print(1)"], "python3"),
        (["mysql", "-psecret", "db"], "mysql"),
        (["env", "TOKEN=secret", "sh"], "env"),
        (["curl", "https://me:secret@host/"], "curl"),
        (["rtd: process report 01M8NPPCVRX01516S0QC800EQS", "", ""], "rtd: process report"),
        (["rtd: process executor"], "rtd: process executor"),
        (["cat", "/a" * 40], "cat …" + ("/a" * 40)[-39:]),
        ([], "comm"),
        ([""], "comm"),
        (["/"], "comm"),
    ],
)
def test_a_process_is_called_by_its_program(argv: list[str], name: str) -> None:
    assert program_name(argv, "comm") == name


def test_where_private_values_may_be_the_argument_is_left_out() -> None:
    assert only_program("curl secret") == "curl"
    assert only_program("rtd: process report") == "rtd: process report"
