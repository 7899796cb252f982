"""Sentences for the errors of the system, and the last words of a program."""

import errno
import os
import resource
from pathlib import Path

import pytest

from rtd.config.log_tail import LogTail
from rtd.config.system_errors import describe_system_error, name_path


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (errno.ENOSPC, "/x/y cannot be used: its disk is full; make room there"),
        (errno.EDQUOT, "/x/y cannot be used: the quota of its user is used up; make room or"),
        (errno.EROFS, "/x/y cannot be used: its file system is read-only; mount it for writing"),
        (errno.EISDIR, "/x/y cannot be used: a directory has that name; move it away"),
        (errno.EACCES, f"/x/y cannot be used: uid {os.geteuid()} may not use it"),
        (errno.EIO, "/x/y cannot be used: the disk fails"),
    ],
)
def test_each_error_says_what_to_do(number: int, said: str) -> None:
    assert describe_system_error(OSError(number, os.strerror(number), "/x/y")).startswith(said)


def test_limits_are_told_with_their_value() -> None:
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    said = describe_system_error(OSError(errno.EMFILE, "Too many open files"))
    assert said == (
        f"the system refuses: a process may open at most {most} files (`ulimit -n`, LimitNOFILE);"
        " raise that"
    )


def test_a_failed_write_gets_its_path(tmp_path: Path) -> None:
    full = os.open("/dev/full", os.O_WRONLY)
    with pytest.raises(OSError, match="No space left") as caught, name_path(tmp_path):
        os.write(full, b"x")
    os.close(full)
    assert caught.value.filename == str(tmp_path)


def test_a_path_that_the_error_names_stays(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="missing") as caught, name_path(tmp_path):
        os.open(tmp_path / "missing", os.O_RDONLY)
    assert caught.value.filename == str(tmp_path / "missing")


def test_last_words_are_those_of_the_last_program(tmp_path: Path) -> None:
    log = LogTail(tmp_path / "log")
    log.begin()
    assert log.last_words() == f"{log.path} cannot be read: No such file or directory"
    log.path.write_text("of an earlier program\n")
    log.begin()
    assert log.last_words() == f"nothing is in {log.path}"
    with log.path.open("a") as file:
        file.write("one\ntwo\n")
    assert log.last_words() == f"{log.path} ends with: two"
    log.path.write_text("cut\n")
    assert log.last_words() == f"{log.path} ends with: cut"
