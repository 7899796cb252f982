"""What the app's code may raise without anything else noticing."""

from rtd.process.events.keyboard_interrupt import is_ctrl_c
from rtd.session.core.exceptions import Stopped


def is_app_error(error: BaseException) -> bool:
    """Whether what the app's code has raised is its own affair: a fault, and no more.

    It is, whatever it is, but for the stop of a run and for somebody's Ctrl-C.
    """
    return not (isinstance(error, Stopped) or is_ctrl_c(error))
