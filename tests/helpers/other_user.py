"""Acts as other users: real uids, by fork and setuid. Only root can."""

import contextlib
import os
import shutil
import signal
import socket
import tempfile
import traceback
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Final

import pytest

#: Users of the tests: 65534 is `nobody`, the others have no name.
NOBODY: Final = 65534
STRANGER: Final = 1234

needs_root = pytest.mark.skipif(os.getuid() != 0, reason="only root may act as another user")


def become(uid: int, gid: int | None = None, groups: Sequence[int] = ()) -> None:
    """Be this user from now on, in this process."""
    os.setgroups(groups)
    os.setgid(uid if gid is None else gid)
    os.setuid(uid)


def as_user(
    uid: int, action: Callable[[], object], gid: int | None = None, groups: Sequence[int] = ()
) -> str:
    """Call `action` in a fork as another user. Returns its result as text.

    What it imports must be imported already: other users may not read this environment.
    """
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            become(uid, gid, groups)
            text = str(action())
        except BaseException:
            text = traceback.format_exc()
        os.write(writer, text.encode()[:60_000])
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as pipe:
        text = pipe.read()
    os.waitpid(pid, 0)
    return text


@contextlib.contextmanager
def open_folder(mode: int = 0o755, owner: int = 0) -> Iterator[Path]:
    """Give a folder in /tmp that other users may enter."""
    folder = Path(tempfile.mkdtemp(prefix="rtd-test-"))
    os.chown(folder, owner, owner)
    folder.chmod(mode)
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


def give(path: Path, uid: int, mode: int | None = None) -> Path:
    """Let a file or a link belong to another user."""
    os.lchown(path, uid, uid)
    if mode is not None:
        path.chmod(mode)
    return path


@contextlib.contextmanager
def process_of(uid: int, body: Callable[[Callable[[], object]], object]) -> Iterator[int]:
    """Have a process of another user go on in the body. Gives its pid.

    Args:
        body: called in the process, with a function that it calls once it is ready.
    """
    ready_r, ready_w = os.pipe()
    pid = os.fork()
    if pid == 0:
        with contextlib.suppress(BaseException):
            become(uid)
            body(partial(os.write, ready_w, b"1"))
        os._exit(0)
    os.close(ready_w)
    try:
        assert os.read(ready_r, 1) == b"1"
        yield pid
    finally:
        os.close(ready_r)
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


@contextlib.contextmanager
def listening(uid: int, path: Path, answer: bytes = b"") -> Iterator[Path]:
    """Have a process of another user listen on a socket.

    Gives a file with all that clients have sent. Each client gets `answer` at once.
    """
    got = path.with_name(path.name + ".got")
    path.unlink(missing_ok=True)
    got.unlink(missing_ok=True)
    os.chown(path.parent, uid, uid)

    def listen(ready: Callable[[], object]) -> None:
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(str(path))
        path.chmod(0o666)
        listener.listen(10)
        got.touch()
        ready()
        while True:
            link, _ = listener.accept()
            with contextlib.suppress(OSError), got.open("ab", buffering=0) as file:
                link.sendall(answer)
                while data := link.recv(65536):
                    file.write(data)
            link.close()

    with process_of(uid, listen):
        yield got
