"""Loaders: they read task files that the app does not import itself."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import fields, replace
from pathlib import Path
from typing import Any, Final

from rtd.common.errors import PolicyError
from rtd.model.app_info import LoaderInfo
from rtd.model.task_file_survey import compile_glob, survey_files, task_file_name
from rtd.session.core.app_errors import is_app_error
from rtd.session.core.app_folders import check_task_file
from rtd.session.core.default_session import SESSIONS, default_session
from rtd.session.core.import_file import import_file
from rtd.session.core.serving_app import refuse_late
from rtd.session.core.session_state import SessionState
from rtd.session.core.signature import caller_location

#: Options of Red Engine's loaders, which are tasks. rtd's are none.
_OF_TASKS: Final = ("name", "on_startup", "execution", "delay", "start_cond", "end_cond", "timeout")


class Loader(ABC):
    """Reads files below a folder that declare tasks. Each kind of loader reads one kind of file.

    The files are read when the app has been imported, in the order of their paths. A file that
    fails declares nothing and becomes a fault (`rtctl status`); the others are read as usual.

    Attributes:
        path: the folder.
        glob: which files; `**/` stands for any folders or none.
        watch: the daemon reloads the app when a file is added, removed or changed.
    """

    default_glob = "**/*"

    def __init__(
        self,
        path: str | Path | None = None,
        glob: str | None = None,
        *,
        watch: bool = True,
        session: SessionState | None = None,
        **others: Any,
    ) -> None:
        """
        Args:
            path: the folder, relative to the folder of the calling file; default: that folder.
            glob: which files below the folder.
            watch: False: changes take effect at the next `rtctl reload`.
            session: gets the tasks; default: the default session.

        Raises:
            PolicyError: an option that cannot be used.
        """
        where = type(self).__name__
        _refuse(others, where)
        declared_in = Path(caller_location().rpartition(":")[0]).absolute().parent
        try:
            self.path = declared_in / (path or "")
        except TypeError:
            raise PolicyError(f"{where}: path: {path!r:.80} is no path") from None
        if glob is not None and not isinstance(glob, str):
            raise PolicyError(
                f"{where}: glob: {glob!r:.80} is no text; write one loader for each pattern"
            )
        self.glob = glob or self.default_glob
        self.watch = watch
        try:
            compile_glob(self.glob)
        except ValueError as error:
            raise PolicyError(f"{where}: glob: {error}") from None
        self._stamp = ""
        self._done = False
        self.session = session if session is not None else default_session()
        if self.session.serving is not None:
            refuse_late(f"{where}: the loaders")
        self.session.loaders.append(self)

    @property
    def info(self) -> LoaderInfo:
        """The loader as the supervisor knows it."""
        return LoaderInfo(str(self.path), self.glob, self.watch, self._stamp)

    def load(self, session: SessionState) -> None:
        """Read the files, once. Failures become faults of the session."""
        if self._done:
            return
        self._done = True
        survey = survey_files(str(self.path), self.glob)
        self._stamp = survey.stamp
        if not survey.folders:
            missing = FileNotFoundError(f"there is no folder {self.path}")
            session.record_fault("loader", task_file_name(self.path, self.path), missing)
        for file in survey.files:
            self._load(session, Path(file))

    def _load(self, session: SessionState, file: Path) -> None:
        before = _State(session)
        try:
            check_task_file(file)
            self.read(session, file)
        except BaseException as error:  # a file can raise anything
            before.restore(session)
            if not is_app_error(error):
                raise
            session.record_fault("loader", task_file_name(file, self.path), error)

    @abstractmethod
    def read(self, session: SessionState, file: Path) -> None:
        """Declare the tasks of one file. All that this raises becomes a fault."""

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.path} {self.glob}>"


class PyLoader(Loader):
    """Imports Python files, which declare tasks as any module of the app does.

    ```python
    PyLoader(path=Path(__file__).parent / "tasks", glob="**/tasks.py")
    ```
    """

    default_glob = "**/*.py"

    def read(self, session: SessionState, file: Path) -> None:
        """Import a file, with this session as the default one."""
        before, SESSIONS.chosen = SESSIONS.chosen, session
        try:
            import_file(file)
        finally:
            SESSIONS.chosen = before


class _State:
    """The contents of a session before a file is read."""

    def __init__(self, session: SessionState) -> None:
        self._tasks = dict(session.tasks)
        self._parameters = dict(session.parameters)
        self._hooks = replace(
            session.hooks,
            **{f.name: list(getattr(session.hooks, f.name)) for f in fields(session.hooks)},
        )

    def restore(self, session: SessionState) -> None:
        """Undo the declarations of a file that failed."""
        session.tasks.clear()
        session.tasks.update(self._tasks)
        session.parameters.clear()
        session.parameters.update(self._parameters)
        session.hooks = self._hooks


def load_files(session: SessionState) -> None:
    """Read the files of all loaders, and then of loaders that these files declare."""
    for loader in session.loaders:  # the list may grow meanwhile
        loader.load(session)


def _refuse(others: dict[str, Any], where: str) -> None:
    if others.pop("on_startup", True) is not True:
        raise PolicyError(f"{where}: on_startup: its files are always read at the start")
    if others:
        name = next(iter(others))
        if name in _OF_TASKS:
            raise PolicyError(
                f"{where}: {name}: a loader is no task here: its files are read when the app is"
                " imported, and again when one changes; leave it out"
            )
        raise PolicyError(f"{where} takes path, glob, watch and session, no {name!r}")
