"""The two exceptions that mean something between a task and rtd."""


class Error(Exception):
    """Raise it in a task for a failure that was to be expected.

    The run ends in state `error`; anything else that a task raises is an `exception`.
    """


class Stopped(BaseException):
    """Raised inside a task that was asked to stop (timeout, limit, kill, drain).

    It is no `Exception`, so that `except Exception` does not swallow it. A task may catch
    it to clean up and has until the end of its grace; then it is killed.
    """
