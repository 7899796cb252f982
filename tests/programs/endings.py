"""Tasks that leave to the end of their process what programs leave to theirs."""

import atexit
import gzip
import logging
import logging.handlers
import multiprocessing
import os
import tempfile
import threading
import time
import weakref
import zipfile
from collections.abc import Callable
from typing import Any

from rtd import Session

session = Session()
kept: list[Any] = []
#: What the import of the app leaves in a buffer is written once.
at_import: list[Any] = []


def _write(path: str, text: str) -> None:
    with open(path, "a") as file:
        file.write(text)


def _text(path: str) -> None:
    kept.append(open(path, "w"))  # noqa: SIM115  # left open
    kept[-1].write("all")


def _bytes(path: str) -> None:
    kept.append(open(path, "wb"))  # noqa: SIM115  # left open
    kept[-1].write(b"all")


def _cycle(path: str) -> None:
    file = open(path, "w")  # noqa: SIM115  # left open
    file.write("all")
    loop: list[Any] = [file]
    loop.append(loop)


def _gzip(path: str) -> None:
    kept.append(gzip.open(path, "wt"))  # noqa: SIM115  # left open
    kept[-1].write("all")


def _zip(path: str) -> None:
    kept.append(zipfile.ZipFile(path, "w"))
    kept[-1].writestr("all", "all")


def _memory_handler(path: str) -> None:
    handler = logging.handlers.MemoryHandler(1000, target=logging.FileHandler(path))
    handler.target.setFormatter(logging.Formatter("%(message)s"))  # type: ignore[union-attr]
    logging.getLogger("kept").addHandler(handler)
    logging.getLogger("kept").error("all")


def _thread(path: str) -> None:
    threading.Thread(target=lambda: (time.sleep(0.2), _write(path, "all"))).start()


def _child(path: str) -> None:
    multiprocessing.get_context("fork").Process(target=_late_write, args=(path,)).start()


def _late_write(path: str) -> None:
    time.sleep(0.2)
    _write(path, "all")


class _Finalized:
    def __init__(self, path: str) -> None:
        self.path = path

    def __del__(self) -> None:
        _write(self.path, "all")


def _finalizer(path: str) -> None:
    kept.append(_Finalized("/dev/null"))
    weakref.finalize(kept[-1], _write, path, "all")


def _folder(path: str) -> None:
    kept.append(tempfile.TemporaryDirectory())
    _write(path, kept[-1].name)


ENDINGS: dict[str, Callable[[str], None]] = {
    "text": _text,
    "bytes": _bytes,
    "cycle": _cycle,
    "gzip": _gzip,
    "zip": _zip,
    "atexit": lambda path: atexit.register(_write, path, "all") and None,
    "memory handler": _memory_handler,
    "thread": _thread,
    "child": _child,
    "__del__": lambda path: kept.append(_Finalized(path)),
    "finalizer": _finalizer,
    "folder": _folder,
}


def leave(what: str, path: str) -> None:
    """Leave something to the end."""
    if what == "endless":
        threading.Thread(target=time.sleep, args=(1000,), name="endless").start()
    else:
        ENDINGS[what](path)


session.task(name="leave")(leave)
session.task(name="leave-fresh", fresh=True)(leave)


@session.task(fresh=True, name="hang-fresh")
def hang(path: str) -> str:
    """Leave something that never ends."""
    atexit.register(print, "printed at the end")
    threading.Thread(target=time.sleep, args=(1000,), name="endless").start()
    _write(path, "done")
    return "done"


@session.task(fresh=True, name="crash-fresh")
def crash() -> str:
    """Have a process that crashes at its end, as native libraries do."""
    atexit.register(os.abort)
    return "done"


@session.task(fresh=True, name="talk-fresh")
def talk() -> None:
    """Print and fail at the end."""
    atexit.register(print, "printed at the end")
    atexit.register(lambda: 1 // 0)


@session.task(name="break")
def break_rtd() -> None:
    """Break rtd's own code in this process."""
    from rtd.executor.output.capture import Capture

    Capture._store = None  # type: ignore[assignment, method-assign]
    print("output of the run")


def _at_import() -> None:
    if path := os.environ.get("IMPORT_WRITES"):
        at_import.append(open(path, "a"))  # noqa: SIM115  # left open
        at_import[-1].write("imported\n")
        atexit.register(_write, path, "the zygote's own end\n")


_at_import()


@session.task(fresh=True, name="append-fresh")
def append() -> None:
    """Write to a file of the import."""
    at_import[0].write("run\n")
