"""The base of an object that stands for a session, such as the task worker of a Flask app."""

from __future__ import annotations

from types import ModuleType
from typing import Any


class SessionHolder:
    """Has a session, which the loader takes where a module has this object and no session.

    Attributes:
        session: of the app.
    """

    session: Any

    def on_load(self, module: ModuleType, app: str) -> None:
        """Complete the app, whose module is imported.

        Args:
            app: its name, as `rtd run` got it.

        Raises:
            AppError: it cannot be completed.
        """
