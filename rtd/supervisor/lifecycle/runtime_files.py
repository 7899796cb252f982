"""Files of a running daemon that others may remove: made again as soon as they are missing.

Programs that clean /tmp or /run remove what is old, and people remove too much. The kernel tells
when that happens; besides, all files are touched now and then, so that they never look old.
"""

import asyncio
import contextlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Final

from rtd.common.errors import RtdError
from rtd.process.events.inotify import FolderWatch
from rtd.supervisor.core.context import SupervisorContext
from rtd.supervisor.core.log import log
from rtd.supervisor.lifecycle.directories import make_directories

#: How often files are touched; cleaners wait for days.
TOUCH_S: Final = 6 * 3600.0
#: After a file could not be made, and where the kernel watches nothing, they are checked so often.
AGAIN_S: Final = 2.0


class RuntimeFiles:
    """The files, and how each is made again.

    Args:
        context: what the parts of the supervisor share.
    """

    def __init__(self, context: SupervisorContext) -> None:
        self._context = context
        self._renewals: dict[Path, Callable[[], None]] = {}
        self._owners: dict[Path, Callable[[], bool]] = {}
        self._held: list[int] = []
        self._watch: FolderWatch | None = None
        self._timers: dict[str, asyncio.TimerHandle] = {}

    def add(
        self, path: Path, renew: Callable[[], None], is_ours: Callable[[], bool] | None = None
    ) -> None:
        """Make a file again by `renew` when it is missing.

        Args:
            is_ours: says of a socket whether this daemon listens there. If another process does,
                the name is taken from it.
        """
        self._renewals[path] = renew
        if is_ours is not None:
            self._owners[path] = is_ours

    def add_held(self, path: Path) -> None:
        """Link a file again when it is missing, to the one that all processes have open.

        A file without a name cannot get one again, so its place is taken by a link to the
        descriptor that this process holds.
        """
        fd = os.open(path, os.O_RDWR | os.O_NONBLOCK | os.O_CLOEXEC)
        self._held.append(fd)
        self.add(path, lambda: path.symlink_to(f"/proc/{os.getpid()}/fd/{fd}"))

    def start(self) -> None:
        """Watch the files from now on."""
        try:
            self._watch = FolderWatch()
            asyncio.get_running_loop().add_reader(self._watch.fileno(), self._on_change)
        except OSError as error:
            log.warning("the kernel does not watch the files of this daemon: %s", error.strerror)
        self.check()
        self._touch()

    def stop(self) -> None:
        """Watch no more."""
        for timer in self._timers.values():
            timer.cancel()
        if self._watch is not None:
            asyncio.get_running_loop().remove_reader(self._watch.fileno())
            self._watch.close()
            self._watch = None
        while self._held:
            os.close(self._held.pop())

    def check(self) -> None:
        """Make again what is missing, or belongs to another process."""
        for path, is_ours in self._owners.items():
            if os.path.lexists(path) and not is_ours():
                log.warning("another process has put a file in the place of %s", path)
                with contextlib.suppress(OSError):
                    path.unlink()
        missing = [path for path in self._renewals if not os.path.lexists(path)]
        left = [path for path in missing if not self._renew(path)]
        try:
            has_new, is_watched = self._watch_folders(), self._watch is not None
        except OSError:
            has_new = is_watched = False
        if has_new:
            self.check()  # what went before its folder was watched was not seen
        elif left or not is_watched:
            self._later("check", AGAIN_S, self.check)

    def _renew(self, path: Path) -> bool:
        try:
            make_directories(self._context.paths)
            self._renewals[path]()
        except (OSError, RtdError) as error:
            self._context.jobs.record_failure(f"making {path} again", error)
            return False
        log.warning("%s is missing; it is made again", path)
        return True

    def _watch_folders(self) -> bool:
        """Watch the folders of the files, and those above them. Return whether some are new.

        Raises:
            OSError: the kernel cannot watch all.
        """
        folders: dict[str, frozenset[str] | None] = {}
        for path in self._renewals:
            for entry in (path, path.parent):
                names = folders.get(str(entry.parent)) or frozenset()
                folders[str(entry.parent)] = names | {entry.name}
        return self._watch is not None and self._watch.watch(folders)

    def _on_change(self) -> None:
        assert self._watch is not None
        if self._watch.has_changed(frozenset(), lambda _name: False):
            self.check()

    def _touch(self) -> None:
        for path in self._renewals:
            for entry in (path, path.parent):
                with contextlib.suppress(OSError):
                    os.utime(entry)
        self._later("touch", TOUCH_S, self._touch)

    def _later(self, name: str, wait_s: float, call: Callable[[], None]) -> None:
        self._timers[name] = asyncio.get_running_loop().call_later(wait_s, call)
