"""What the app's code raised, told in one line."""

import traceback

from rtd.common.package_root import PACKAGE_ROOT


def describe_error(error: BaseException) -> str:
    """`ValueError: text (file, line 12)`: the place is the innermost frame of user code."""
    if isinstance(error, SyntaxError) and error.filename:
        return f"SyntaxError: {error.msg} ({error.filename}, line {error.lineno})"
    text = ": ".join(filter(None, (type(error).__name__, _first_line(error))))
    frames = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if "importlib" not in frame.filename and not _is_ours(frame.filename)
    ]
    if not frames:
        return text
    return f"{text} ({frames[-1].filename}, line {frames[-1].lineno})"


def _first_line(error: BaseException) -> str:
    try:
        return str(error).partition("\n")[0].rstrip()
    except Exception as broken:  # it is the app's own class
        return f"(its __str__ raised {type(broken).__name__})"


def _is_ours(filename: str) -> bool:
    return filename.startswith(PACKAGE_ROOT)
