"""Text for a terminal: lines stay, what would change the terminal goes."""

import pytest

from rtctl.cli.terminal_text import HIDDEN, OutputCleaner, plain_text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a line\n\tand é 界", "a line\n\tand é 界"),
        ("\x1b[31mred\x1b[0m", f"{HIDDEN}[31mred\x1b[0m"),
        ("\x1b[32mours\x1b[0m", "\x1b[32mours\x1b[0m"),
        ("\x1b]0;title\x07", f"{HIDDEN}]0;title{HIDDEN}"),
        ("\x9b31m \x85 \x7f\r", f"{HIDDEN}31m {HIDDEN} {HIDDEN}{HIDDEN}"),
        ("\u202eevil\u2066", f"{HIDDEN}evil{HIDDEN}"),
        ("wide\u3000space\u2028", "wide space "),
        ("\x1b[32;1m", f"{HIDDEN}[32;1m"),
        ("\x1b[", f"{HIDDEN}["),
    ],
)
def test_only_lines_tabs_and_our_colours_stay(text: str, shown: str) -> None:
    assert plain_text(text, {"32", "0"}) == shown


HOSTILE = (
    b"one\x1b[2J\x1b[1;31mred\x1b[0m\x1b]0;title\x07\x1b]52;c;cm0=\x1b\\\x1bPq\x1b\\\x9b5n\x1b(0\x1b=\x1bc\r"
    b"two\r\nthree\x08\x00 \xe7\x95\x8c \x1b"
)
CLEANED = f"onered{HIDDEN}5n\ntwo\nthree{HIDDEN}{HIDDEN} 界 {HIDDEN}"


@pytest.mark.parametrize("size", [1, 2, 3, 7, 1000])
def test_output_is_cleaned_however_it_is_cut_into_parts(size: int) -> None:
    cleaner = OutputCleaner()
    parts = [cleaner.clean(HOSTILE[at : at + size]) for at in range(0, len(HOSTILE), size)]
    assert "".join([*parts, cleaner.clean(b"", is_last=True)]) == CLEANED


def test_a_sequence_without_an_end_does_not_hold_the_output_up() -> None:
    cleaner = OutputCleaner()
    shown = cleaner.clean(b"\x1b]0;" + b"x" * 10_000)
    assert shown.startswith(f"{HIDDEN}]0;xxx")
