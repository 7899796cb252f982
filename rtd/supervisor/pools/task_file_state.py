"""Decides whether an app must be reloaded for its task files. Pure: no clock, no file system."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from rtd.supervisor.core.retry import Backoff

#: An app that changes its own files at every import is reloaded after waits that grow.
FIRST_WAIT_S: Final = 0.5
LONGEST_WAIT_S: Final = 60.0

#: One stamp for the files of each loader.
Stamps = tuple[str, ...]


class ReloadDecision(StrEnum):
    """The next step after a survey of the files."""

    NOTHING = "nothing"
    #: The files are others than those of the serving app: reload.
    CHANGED = "changed"
    #: The files are those of the serving app again, but the app did not import since: reload.
    RETRY_IMPORT = "retry import"
    #: The files change at every import: wait before the next reload.
    WAIT = "wait"


@dataclass(slots=True)
class TaskFileState:
    """The task files of the serving app, compared with the reloads that were tried for them.

    Attributes:
        tried: the files that the latest reload was for; None: none since an app serves.
        known_error: why the app does not import, if these files are not the reason.
        changed_at_import: the files differed from those that were imported as soon as the app
            served.
    """

    tried: Stamps | None = None
    known_error: str | None = None
    changed_at_import: bool = False
    backoff: Backoff = field(default_factory=lambda: Backoff(FIRST_WAIT_S, LONGEST_WAIT_S))

    def on_app_change(self, error: str | None) -> None:
        """Forget what was tried: an app serves. `error`: why the app does not import."""
        self.tried, self.known_error = None, error

    def decide(
        self, current: Stamps, served: Stamps, error: str | None, *, is_first: bool
    ) -> ReloadDecision:
        """Compare the files with those that the serving app was loaded from.

        Args:
            current: the files now.
            served: the files of the serving app.
            error: why the app does not import; None: it does.
            is_first: this is the first look since the app serves.
        """
        if current == served:
            self.changed_at_import = False
            self.backoff.reset()
            self.tried = None
            known, self.known_error = self.known_error, error
            return ReloadDecision.NOTHING if error in (None, known) else ReloadDecision.RETRY_IMPORT
        if current == self.tried:
            return ReloadDecision.NOTHING
        if is_first and self.changed_at_import:
            return ReloadDecision.WAIT
        self.tried, self.known_error = current, None
        self.changed_at_import = self.changed_at_import or is_first
        return ReloadDecision.CHANGED
