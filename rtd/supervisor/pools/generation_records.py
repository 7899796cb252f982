"""Zygotes as records, and the file that lets the next supervisor find them again."""

import asyncio
import contextlib
import json
import os
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from rtd.model.manifest import Manifest
from rtd.process.board.board import SLOTS
from rtd.process.tree.process_identity import boot_hash, same_process
from rtd.process.tree.terminate import signal_name
from rtd.supervisor.core.log import log
from rtd.supervisor.pools.zygote_connection import ZygoteConnection

#: Slots of the board that one zygote hands out; so many generations can live side by side.
RANGE: Final = SLOTS // 16


@dataclass(slots=True, eq=False)
class ZygoteRecord:
    """One generation: a process that has imported the app and forks executors.

    Attributes:
        generation: its number, ascending over the life of the runtime directory.
        lo, hi: its slots on the board, [lo, hi).
        process: only of a zygote that this supervisor has started.
        greeted: set once it has said hello.
        retiring: it forks nothing more; it is told to quit when its executors are gone.
    """

    generation: int
    app: str | None
    lo: int
    hi: int
    pid: int = 0
    ticks: int = 0
    process: "subprocess.Popen[bytes] | None" = None
    connection: ZygoteConnection | None = None
    manifest: Manifest | None = None
    error: str | None = None
    greeted: asyncio.Event = field(default_factory=asyncio.Event)
    retiring: bool = False
    started_at: float = 0.0

    @property
    def alive(self) -> bool:
        """Whether the process exists."""
        if self.process is not None:
            return self.process.poll() is None
        return self.pid > 0 and same_process(self.pid, self.ticks)

    def describe_early_exit(self) -> str:
        """How it ended before it was ready; a sentence."""
        code = None if self.process is None else self.process.poll()
        how = "nobody knows how" if code is None else f"exit code {code}"
        if code is not None and code < 0:
            how = f"killed by {signal_name(-code)}"
        if self.app is None:
            return f"the zygote ended before it was ready: {how}"
        return f"app {self.app} ended its process while it was imported: {how}"

    def to_dict(self) -> dict[str, Any]:
        """As it stands in the registry file."""
        return {
            "generation": self.generation,
            "app": self.app,
            "lo": self.lo,
            "hi": self.hi,
            "pid": self.pid,
            "ticks": self.ticks,
        }


def registry_file(runtime_dir: Path) -> Path:
    """Where the living zygotes are noted."""
    return runtime_dir / "zygotes.json"


def write_registry(path: Path, zygotes: list[ZygoteRecord]) -> None:
    """Note the zygotes in one step."""
    data = {"boot": boot_hash(), "zygotes": [z.to_dict() for z in zygotes]}
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    temporary.write_text(json.dumps(data))
    temporary.rename(path)


def read_registry(path: Path) -> tuple[list[ZygoteRecord], int]:
    """The zygotes of before that still live, and the highest generation ever noted.

    A file of another boot, or one that cannot be read, names nobody.
    """
    try:
        data = json.loads(path.read_text())
        noted = [ZygoteRecord(**fields) for fields in data["zygotes"]]
        if data["boot"] != boot_hash():
            return [], 0
    except FileNotFoundError:
        return [], 0
    except (OSError, ValueError, KeyError, TypeError) as error:
        log.warning("%s cannot be used (%s): zygotes of before are not known", path, error)
        with contextlib.suppress(OSError):
            path.unlink()
        return [], 0
    highest = max((z.generation for z in noted), default=0)
    return [z for z in noted if z.alive], highest


def free_range(living: list[ZygoteRecord]) -> tuple[int, int] | None:
    """Slots for one more zygote, or None when all ranges are taken."""
    taken = {z.lo for z in living}
    for lo in range(0, SLOTS, RANGE):
        if lo not in taken:
            return lo, lo + RANGE
    return None
