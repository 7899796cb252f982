"""The end of a process that has imported an app and is not going to serve it."""

import os
import sys
import threading
from typing import Final

#: What the app wants to be done at the exit of its process may take so long.
EXIT_LIMIT_S: Final = 2.0


def exit_app_process(code: int) -> int:
    """Gives `code`, to leave with; ends the process with it where the interpreter would not.

    It would wait for the threads of the app for ever. What was written is flushed first.
    """
    main = threading.main_thread()
    if any(thread is not main and not thread.daemon for thread in threading.enumerate()):
        _end(code)
    late = threading.Timer(EXIT_LIMIT_S, _end, (code,))  # something of the app's hangs at the exit
    late.daemon = True
    late.start()
    return code


def _end(code: int) -> None:
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    finally:
        os._exit(code)
