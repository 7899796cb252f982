"""Notices that task files of the app's loaders come, go or change, and has the app reloaded.

The kernel says that something may have changed; then the files are looked at, and only when they
are other than those that the serving app was loaded from, it is reloaded. Nothing polls.
"""

import asyncio
import errno
import os
import time
from collections.abc import Callable, Mapping
from typing import Final

from rtd.common.errors import RtdError
from rtd.model.app_info import LoaderInfo
from rtd.model.task_file_survey import SKIPPED, TaskFileSurvey, compile_glob, survey_files
from rtd.process.events.inotify import FolderWatch
from rtd.supervisor.core.context import SupervisorContext
from rtd.supervisor.core.log import log
from rtd.supervisor.pools.reload import PATIENCE_S, Reloader

#: Changes that follow each other this closely are one.
QUIET_S: Final = 0.08
#: Changes that do not stop are looked at after this time all the same.
LONGEST_S: Final = 2.0
#: An app that changes its own files whenever it is imported is reloaded ever more slowly.
FIRST_WAIT_S: Final = 0.5
LONGEST_WAIT_S: Final = 60.0
#: Looking into more folders would keep the supervisor from its other work for too long.
MOST_FOLDERS: Final = 10_000
#: Looking takes at most so much of the supervisor's time where other files change without end.
SHARE: Final = 0.1
_SHOWN: Final = 3

Surveys = Mapping[LoaderInfo, TaskFileSurvey]


class TaskFileWatcher:
    """Watches the folders of the loaders of the serving app.

    Args:
        context: what the parts of the supervisor share: the loaders are those of its manifest.
        reloads: carries them out.
    """

    def __init__(self, context: SupervisorContext, reloads: Reloader) -> None:
        self._context = context
        self._reloads = reloads
        self._loaders: tuple[LoaderInfo, ...] = ()
        self._names: list[Callable[[str], object]] = []
        self._watch: FolderWatch | None = None
        self._seen: Surveys = {}
        self._tried: tuple[str, ...] | None = None
        #: Why the app does not import, if it has been seen that these files are not the reason.
        self._blamed: str | None = None
        self._first_at_s = 0.0
        self._cost_s = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._in_vain = 0
        self._not_before_s = 0.0
        self._warned = ""

    # --- life

    def on_app_change(self) -> None:
        """The app may be another one: watch what it was loaded from."""
        self._loaders = tuple(x for x in self._context.manifest.info.loaders if x.watch)
        self._names = [compile_glob(x.glob.rpartition("/")[2]).fullmatch for x in self._loaders]
        if not self._loaders:
            self.stop()
            return
        self._tried = None
        self._blamed = self._context.app_error
        self._seen = {}
        self._warned = ""
        if self._watch is not None or self._open():
            self._compare()

    def _open(self) -> bool:
        try:
            self._watch = FolderWatch()
        except OSError as error:
            self._warn(_limit(error))
            return False
        asyncio.get_running_loop().add_reader(self._watch.fileno(), self._on_change)
        return True

    def stop(self) -> None:
        """Watch nothing more."""
        self._set_timer(None)
        if self._watch is not None:
            asyncio.get_running_loop().remove_reader(self._watch.fileno())
            self._watch.close()
            self._watch = None

    # --- what happens

    def _on_change(self) -> None:
        """Something has changed: look when it has become quiet."""
        assert self._watch is not None
        if not self._watch.has_changed(SKIPPED, self._is_wanted):
            return
        now_s = time.monotonic()
        if self._timer is None:
            self._first_at_s = now_s
        quiet_s = max(QUIET_S, self._cost_s / SHARE)
        soon_s = min(quiet_s, self._first_at_s + max(LONGEST_S, quiet_s) - now_s)
        self._later(max(0.0, soon_s, self._not_before_s - now_s))

    def _is_wanted(self, name: str) -> bool:
        return any(matches(name) for matches in self._names)

    def _later(self, wait_s: float) -> None:
        self._set_timer(asyncio.get_running_loop().call_later(wait_s, self._check))

    def _set_timer(self, timer: asyncio.TimerHandle | None) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = timer

    def _check(self) -> None:
        """What the reload that is going does not get is looked at when it serves; only one that
        hangs is not waited for."""
        began_s = self._reloads.began_s
        left_s = 0.0 if began_s is None else began_s + PATIENCE_S - time.monotonic()
        if left_s > 0:
            self._later(left_s)
        else:
            self._compare()

    def _compare(self) -> None:
        """Reload if the files are others than those that the app was loaded from, unless that
        has been tried with these."""
        self._set_timer(None)
        if self._watch is None or self._context.gate.is_draining:
            return
        first = not self._seen
        before, self._seen = self._seen, self._survey()
        if sum(len(found.folders) for found in self._seen.values()) > MOST_FOLDERS:
            self._warn(f"there are more than {MOST_FOLDERS:,} folders")
            self.stop()
            return
        stamps = tuple(found.stamp for found in self._seen.values())
        if stamps == tuple(loader.stamp for loader in self._loaders):
            self._in_vain, self._not_before_s = 0, 0.0
            self._tried = None
            self._retry_import()
        elif stamps != self._tried:
            if first and self._in_vain:
                self._back_off()
            else:
                self._tried, self._blamed = stamps, None
                self._in_vain += first
                log.info(
                    "task files have changed%s: reloading", _describe_changes(before, self._seen)
                )
                self._context.jobs.start(self._reload(), "reloading for its task files")

    def _retry_import(self) -> None:
        """The files are as they were served. If the app has failed to import since then, with
        others or for another reason, see once whether it still does."""
        error = self._context.app_error
        if error is not None and error != self._blamed:
            log.info("task files are as they were: reloading, since the app did not import")
            self._context.jobs.start(self._reload(), "reloading for its task files")
        self._blamed = error

    def _back_off(self) -> None:
        """The files were changed while they were imported, and the time before, too."""
        wait_s = min(FIRST_WAIT_S * 2.0 ** (self._in_vain - 1), LONGEST_WAIT_S)
        self._in_vain += 1
        if wait_s >= 2:
            log.warning("task files change whenever they are imported; the next in %.0f s", wait_s)
        self._not_before_s = time.monotonic() + wait_s
        self._later(wait_s)

    async def _reload(self) -> None:
        try:
            await self._reloads.reload()
        except RtdError:  # it is in the log; the next change is another try
            self._compare()

    # --- folders

    def _survey(self) -> Surveys:
        """What there is now. Folders that are new are watched first, then looked into again."""
        assert self._watch is not None
        while True:
            began_s = time.thread_time()
            found = {loader: survey_files(loader.path, loader.glob) for loader in self._loaders}
            self._cost_s = time.thread_time() - began_s
            try:
                if not self._watch.watch(_folders(found)):
                    return found
            except OSError as error:
                self._warn(_limit(error))
                return found

    def _warn(self, why: str) -> None:
        text = f"changes of task files are not all noticed ({why}): use `rtctl reload`"
        if text != self._warned:
            self._warned = text
            self._context.faults.record("loader", "watching", text)


def _limit(error: OSError) -> str:
    """What the kernel's error means here."""
    if error.errno == errno.ENOSPC:
        return "the limit fs.inotify.max_user_watches is reached"
    if error.errno == errno.EMFILE:
        return "the limit fs.inotify.max_user_instances is reached"
    return error.strerror or str(error)


def _folders(found: Surveys) -> dict[str, frozenset[str] | None]:
    """All folders that task files may be in, and those above in which the uppermost of them may
    be replaced or come to be."""
    wanted: dict[str, frozenset[str] | None] = {}
    for loader, one in found.items():
        wanted.update(dict.fromkeys(one.folders))
        above, name = os.path.split(loader.path.rstrip("/"))
        while above not in ("", "/") and not os.path.isdir(above):
            above, name = os.path.split(above)
        names = wanted.get(above, frozenset())
        wanted[above or "/"] = None if names is None else names | {name}
    return wanted


def _describe_changes(before: Surveys, after: Surveys) -> str:
    """` (a.py, b.py and 3 more)`; empty where nobody knows."""
    changed: list[str] = []
    for loader, now in after.items():
        was = before[loader].files if loader in before else {}
        changed += [
            os.path.relpath(file, os.path.dirname(loader.path))
            for file in sorted(was.keys() | now.files.keys())
            if was.get(file) != now.files.get(file)
        ]
    if not before or not changed:
        return ""
    more = f" and {len(changed) - _SHOWN} more" if len(changed) > _SHOWN else ""
    return f" ({', '.join(changed[:_SHOWN])}{more})"
