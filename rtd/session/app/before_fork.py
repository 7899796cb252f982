"""Calls the app's hooks before the first fork: they close what forked processes must not share."""

from rtd.session.core.app_errors import is_app_error
from rtd.session.core.hooks import hook_name
from rtd.session.core.session_state import SessionState


def call_before_fork(session: SessionState) -> None:
    """Call the hooks. One that raises is a fault of the app; the others go on."""
    for hook in session.hooks.before_fork:
        try:
            hook()
        except BaseException as error:
            if not is_app_error(error):
                raise
            session.record_fault("hook", hook_name(hook), error)
