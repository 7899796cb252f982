"""What the app's code raised, told in one line."""

import traceback
from pathlib import Path


def describe(error: BaseException) -> str:
    """`ValueError: text (file, line 12)`: the place is the innermost frame of user code."""
    if isinstance(error, SyntaxError) and error.filename:
        return f"SyntaxError: {error.msg} ({error.filename}, line {error.lineno})"
    text = f"{type(error).__name__}: {error}".splitlines()[0]
    frames = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if "importlib" not in frame.filename and not _is_ours(frame.filename)
    ]
    if not frames:
        return text
    return f"{text} ({frames[-1].filename}, line {frames[-1].lineno})"


_OUR_ROOT = str(Path(__file__).resolve().parent.parent)


def _is_ours(filename: str) -> bool:
    return filename.startswith(_OUR_ROOT)
