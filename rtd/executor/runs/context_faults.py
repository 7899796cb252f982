"""Names the class in the faults of its context, and keeps the text of what the context swallows."""

from __future__ import annotations

import contextlib
from types import TracebackType
from typing import Final

from rtd.session.core.app_errors import name_error

_CONTEXTLIB: Final = contextlib.__file__


class ContextFaults:
    """Names the class in what `contextlib` itself raises; `with` it around the context.

    Args:
        kind: the name of the class.

    Attributes:
        inner: `with` it within the context; it sees what the run raises.
    """

    __slots__ = ("inner", "kind")

    def __init__(self, kind: str) -> None:
        self.kind: Final = kind
        self.inner: Final = _Raised()

    def __enter__(self) -> None:
        pass

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is RuntimeError and error is not None and _is_of_contextlib(error, trace):
            error.args = (f"provide_context of {self.kind}: {error}",)

    def swallowed(self) -> str:
        """Return a note for a context that ended in order though the run raised."""
        return f"its context has swallowed {self.inner.text}"


class _Raised:
    """Keeps the text of what passes; not the exception, which refers to all frames.

    Attributes:
        text: empty: nothing was raised.
    """

    __slots__ = ("text",)

    def __init__(self) -> None:
        self.text = ""

    def __enter__(self) -> None:
        pass

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        if error is not None:
            self.text = name_error(error)


def _is_of_contextlib(error: BaseException, trace: TracebackType | None) -> bool:
    """Check that only contextlib, called by rtd, has raised it: `generator didn't yield`."""
    if not str(error).startswith("generator didn't ") or trace is None or trace.tb_next is None:
        return False
    inner = trace.tb_next
    return inner.tb_next is None and inner.tb_frame.f_code.co_filename == _CONTEXTLIB
