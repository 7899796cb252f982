"""What programs do to their standard streams, at the import (a file names it) and in runs."""

import codecs
import contextlib
import faulthandler
import io
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rtd import Session

session = Session()


def _wrap() -> None:
    sys.stdout = io.TextIOWrapper(sys.stdout.buffer, encoding="utf-8")
    sys.stderr = io.TextIOWrapper(sys.stderr.buffer, encoding="utf-8")


def _wrap_twice() -> None:
    _wrap()
    _wrap()


def _wrap_detached() -> None:
    sys.stdout = io.TextIOWrapper(sys.stdout.detach(), encoding="utf-8", line_buffering=True)


def _writer() -> None:
    sys.stdout = codecs.getwriter("utf-8")(sys.stdout.buffer)  # type: ignore[assignment]


def _tee() -> None:
    class Tee:
        def __init__(self, stream: Any) -> None:
            self.stream = stream

        def write(self, text: str) -> int:
            return int(self.stream.write(text))

        def __getattr__(self, name: str) -> Any:
            return getattr(self.stream, name)

    sys.stdout = Tee(sys.stdout)  # type: ignore[assignment]


def _by_number() -> None:
    sys.stdout = os.fdopen(sys.stdout.fileno(), "w", 1)


def _copy() -> None:
    sys.stdout = os.fdopen(os.dup(sys.stdout.fileno()), "w")


def _close() -> None:
    sys.stdout.close()
    sys.stderr.close()


def _close_numbers() -> None:
    os.close(1)
    os.close(2)


def _devnull() -> None:
    sys.stdout = open(os.devnull, "w")  # noqa: SIM115  # as programs do


def _none() -> None:
    sys.stdout = sys.stderr = None  # type: ignore[assignment]


def _redirect() -> None:
    with contextlib.redirect_stdout(io.StringIO()) as text:
        print("hidden")
    assert text.getvalue() == "hidden\n"


def _reset() -> None:
    assert sys.__stdout__ is not None
    sys.stdout = sys.__stdout__


def _questions() -> None:
    for number, (stream, name) in enumerate(
        ((sys.stdout, "<stdout>"), (sys.stderr, "<stderr>")), start=1
    ):
        assert isinstance(stream, io.TextIOWrapper)
        assert (stream.name, stream.mode, stream.encoding) == (name, "w", "utf-8")
        assert stream.buffer.name == stream.buffer.raw.name == name
        assert stream.buffer.mode == stream.buffer.raw.mode == "wb"
        assert (stream.writable(), stream.readable(), stream.seekable()) == (True, False, False)
        assert stream.fileno() == stream.buffer.fileno() == number
        assert [stream.isatty(), stream.closed, stream.buffer.isatty()] == [False] * 3
        settings = (stream.newlines, stream.line_buffering, stream.write_through)
        assert settings == (None, True, False)
        assert isinstance(stream.errors, str)
        stream.writelines(["", ""])
        stream.buffer.flush()
        for refused in (stream.read, stream.tell, stream.readline):
            try:
                refused()
            except io.UnsupportedOperation:
                pass
            else:
                raise AssertionError(refused)


def _configure() -> None:
    sys.stdout.reconfigure(encoding="latin-1", errors="replace", line_buffering=True)  # type: ignore[union-attr]


def _write_through() -> None:
    sys.stdout.reconfigure(write_through=True, newline="\n")  # type: ignore[union-attr]


def _binary() -> None:
    sys.stdout.buffer.write(b"")
    sys.stdout.buffer.close()


def _faults() -> None:
    faulthandler.enable()
    faulthandler.disable()


HABITS: dict[str, Callable[[], None]] = {
    "wrap": _wrap, "wrap twice": _wrap_twice, "wrap detached": _wrap_detached, "writer": _writer,
    "tee": _tee, "by number": _by_number, "copy": _copy, "close": _close, "devnull": _devnull,
    "close numbers": _close_numbers, "none": _none, "redirect": _redirect, "reset": _reset,
    "questions": _questions, "configure": _configure, "write through": _write_through,
    "binary": _binary, "faults": _faults,
}  # fmt: skip
#: After these the program itself can print no more; all others go on to print.
MUTE = {"wrap twice", "close", "close numbers", "devnull", "none", "binary"}

HABIT = Path(os.environ.get("HABIT_FILE", "/dev/null")).read_text()
if HABIT:
    HABITS[HABIT]()


@session.task()
def do(habit: str) -> None:
    """Do it, and print."""
    HABITS[habit]()
    if habit not in MUTE:
        print("häbit")
        sys.stdout.write("no end")


@session.task()
def say(text: str) -> None:
    """Print to both streams, and by a program."""
    print(text)
    print(text, file=sys.stderr)
    os.system(f"echo {text}")
    assert sys.stdout.encoding == "utf-8" or HABIT == "configure"
