"""Watches the task files of the app's loaders, and reloads the app when they change.

The kernel reports that something may have changed. Then the watcher surveys the files, and reloads
the app only if they are others than those that the serving app was loaded from. Nothing polls.
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
from rtd.supervisor.pools.task_file_state import ReloadDecision, TaskFileState

#: Changes that follow each other this closely count as one.
QUIET_S: Final = 0.08
#: Files that do not stop changing are surveyed after this time all the same.
LONGEST_S: Final = 2.0
#: A survey of more folders would keep the supervisor from its other work for too long.
MOST_FOLDERS: Final = 10_000
#: Where other files change all the time, surveys take at most this share of the supervisor's time.
SHARE: Final = 0.1
_SHOWN: Final = 3

Surveys = Mapping[LoaderInfo, TaskFileSurvey]


class TaskFileWatcher:
    """Watches the folders of the loaders of the serving app.

    Args:
        context: what the parts of the supervisor share; its manifest names the loaders.
        reloader: reloads the app.
    """

    def __init__(self, context: SupervisorContext, reloader: Reloader) -> None:
        self._context = context
        self._reloader = reloader
        self._loaders: tuple[LoaderInfo, ...] = ()
        self._names: list[Callable[[str], object]] = []
        self._watch: FolderWatch | None = None
        self._state = TaskFileState()
        #: The latest survey since the app serves.
        self._surveys: Surveys = {}
        #: The CPU time that it took.
        self._cost_s = 0.0
        self._timer: asyncio.TimerHandle | None = None
        #: When the timer was set for the first of several changes.
        self._changed_at_s = 0.0
        self._not_before_s = 0.0
        self._warned = ""

    # --- life

    def on_app_change(self) -> None:
        """Watch the files that the app was loaded from; it may be another one."""
        self._loaders = tuple(x for x in self._context.manifest.info.loaders if x.watch)
        self._names = [compile_glob(x.glob.rpartition("/")[2]).fullmatch for x in self._loaders]
        if not self._loaders:
            self.stop()
            return
        self._state.on_app_change(self._context.app_error)
        self._surveys = {}
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
        """Survey the files once the changes have stopped."""
        assert self._watch is not None
        if not self._watch.has_changed(SKIPPED, self._is_wanted):
            return
        now_s = time.monotonic()
        if self._timer is None:
            self._changed_at_s = now_s
        quiet_s = max(QUIET_S, self._cost_s / SHARE)
        soon_s = min(quiet_s, self._changed_at_s + max(LONGEST_S, quiet_s) - now_s)
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
        """Survey the files, unless a reload is running: then it is done when its app serves.

        It does not wait for a reload that hangs.
        """
        began_s = self._reloader.began_s
        left_s = 0.0 if began_s is None else began_s + PATIENCE_S - time.monotonic()
        if left_s > 0:
            self._later(left_s)
        else:
            self._compare()

    def _compare(self) -> None:
        """Reload if the files are others than those that the app was loaded from, unless that
        was tried with these files."""
        self._set_timer(None)
        if self._watch is None or self._context.gate.is_draining:
            return
        before, self._surveys = self._surveys, self._survey()
        if sum(len(survey.folders) for survey in self._surveys.values()) > MOST_FOLDERS:
            self._warn(f"there are more than {MOST_FOLDERS:,} folders")
            self.stop()
            return
        current = tuple(survey.stamp for survey in self._surveys.values())
        served = tuple(loader.stamp for loader in self._loaders)
        decision = self._state.decide(current, served, self._context.app_error, is_first=not before)
        if current == served:
            self._not_before_s = 0.0
        if decision is ReloadDecision.CHANGED:
            changes = _describe_changes(before, self._surveys)
            self._start_reload(f"task files have changed{changes}: reloading")
        elif decision is ReloadDecision.RETRY_IMPORT:
            self._start_reload(
                "task files are as they were: reloading, since the app did not import"
            )
        elif decision is ReloadDecision.WAIT:
            self._back_off()

    def _back_off(self) -> None:
        wait_s = self._state.backoff.next_s()
        if wait_s >= 2:
            log.warning("task files change whenever they are imported; the next in %.0f s", wait_s)
        self._not_before_s = time.monotonic() + wait_s
        self._later(wait_s)

    def _start_reload(self, why: str) -> None:
        log.info("%s", why)
        self._context.jobs.start(self._reload(), "reloading for its task files")

    async def _reload(self) -> None:
        try:
            await self._reloader.reload()
        except RtdError:  # it is in the log; the next change is another try
            self._compare()

    # --- folders

    def _survey(self) -> Surveys:
        """Return the files there are now. New folders are watched first, then surveyed again."""
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
    """Return the meaning of the kernel's error here."""
    if error.errno == errno.ENOSPC:
        return "the limit fs.inotify.max_user_watches is reached"
    if error.errno == errno.EMFILE:
        return "the limit fs.inotify.max_user_instances is reached"
    return error.strerror or str(error)


def _folders(surveys: Surveys) -> dict[str, frozenset[str] | None]:
    """Return all folders that may have task files, and those above them in which the uppermost
    of them may be replaced or created."""
    wanted: dict[str, frozenset[str] | None] = {}
    for loader, survey in surveys.items():
        wanted.update(dict.fromkeys(survey.folders))
        above, name = os.path.split(loader.path.rstrip("/"))
        while above not in ("", "/") and not os.path.isdir(above):
            above, name = os.path.split(above)
        names = wanted.get(above, frozenset())
        wanted[above or "/"] = None if names is None else names | {name}
    return wanted


def _describe_changes(before: Surveys, after: Surveys) -> str:
    """Return the changed files, ` (a.py, b.py and 3 more)`; empty: they are not known."""
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
