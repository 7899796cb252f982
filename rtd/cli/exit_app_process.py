"""Ends a process that has imported an app without serving it."""

import os
import sys
import threading
from typing import Final

#: How long the exit handlers of the app may take.
EXIT_LIMIT_S: Final = 2.0


def exit_app_process(code: int) -> int:
    """Return `code`, to exit with; ends the process itself if the interpreter would not.

    The interpreter would wait for the threads of the app for ever. Output is flushed first.
    """
    main = threading.main_thread()
    if any(thread is not main and not thread.daemon for thread in threading.enumerate()):
        _end(code)
    late = threading.Timer(EXIT_LIMIT_S, _end, (code,))  # an exit handler of the app hangs
    late.daemon = True
    late.start()
    return code


def _end(code: int) -> None:
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    finally:
        os._exit(code)
