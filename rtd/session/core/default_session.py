"""The session that declarations go to which name none."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rtd.session.session import Session


class _Registry:
    """The sessions of this process.

    Attributes:
        chosen: what the app made itself, the newest.
        implied: made for declarations that came before any session.
        served: rtd has imported the app in this process, or this process was forked from there.
    """

    def __init__(self) -> None:
        self.chosen: Session | None = None
        self.implied: Session | None = None
        self.imported_by_rtd = False


SESSIONS = _Registry()


def default_session() -> Session:
    """The newest session that was made; without any, one that the first to be made takes over."""
    if SESSIONS.chosen is not None:
        return SESSIONS.chosen
    if SESSIONS.implied is None:
        from rtd.session.session import Session  # lazy: it needs this module

        SESSIONS.implied = Session(as_default=False)
    return SESSIONS.implied


def find_default_session() -> Session | None:
    """The session that declarations have gone to; None when there was no session and none."""
    return SESSIONS.chosen or SESSIONS.implied


def set_default_session(session: Session) -> Session | None:
    """Declarations go to this session from now on. Gives the one to take over, if any."""
    waiting = SESSIONS.implied if SESSIONS.chosen is None else None
    SESSIONS.chosen = session
    SESSIONS.implied = None
    return waiting
