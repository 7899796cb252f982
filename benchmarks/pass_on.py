"""Middleware that does nothing, for the section `middleware`: each of both calls is made."""

from __future__ import annotations

from typing import Any


class PassOn:
    """Calls what is further in, and hears how it ends."""

    def run_task(self, task: Any, run: Any, args: tuple[()], kwargs: dict[str, Any]) -> None:
        run(*args, **kwargs)

    def process_outcome(self, task: Any, *exc_info: Any) -> None:
        pass


class Second(PassOn):
    """Another one."""


class Third(PassOn):
    """A third one."""
