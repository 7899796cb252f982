"""Commands that look like ones for a shell."""

import pytest

from rtd.session.tasks.shell_words import shell_sign


@pytest.mark.parametrize(
    ("command", "sign"),
    [
        ("echo a | cat > q", "|"),
        ("make && make install", "&&"),
        ("echo done; date", ";"),
        ("echo $HOME", "$"),
        ('echo "$HOME"', "$"),
        ("rm *.tmp", "*"),
        ("ls ~/work", "~"),
        ("make 2>&1", "2>&1"),
        ("sort <names", "<"),
        ("echo `date`", "`"),
        ("pg_dump shop", ""),
        ("find . -name '*.py'", ""),
        ("grep 'end$' names", ""),
        ("echo \\*", ""),
        ("date +%F", ""),
        ("curl http://example.org/~user?a=1&b=2", ""),
        ("rsync /a/ /b/ --exclude=*.tmp", ""),
        ("sh -c 'a | b > c'", ""),
    ],
)
def test_what_only_a_shell_understands(command: str, sign: str) -> None:
    assert shell_sign(command) == sign
