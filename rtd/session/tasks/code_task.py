"""A task that is a piece of Python code: `CodeTask`."""

from __future__ import annotations

import dis
import linecache
from textwrap import dedent
from types import CodeType
from typing import Any, Final

from rtd.common.errors import PolicyError
from rtd.session.core.signature import TaskSignature, caller_location
from rtd.session.tasks.task import Task

#: The variable of the code whose value is the result.
_RESULT: Final = "return_value"


class CodeTask(Task):
    """Python code as a task, for instance from a database.

    ```python
    CodeTask("return_value = price * count", name="total", parameters={"price": 3, "count": 4})
    ```

    The parameters, and those of the session that the code names, are its global variables. The
    value of `return_value` is the result. A person who can change the code can do all that the
    app can do.

    Attributes:
        code: the source.
    """

    _fixed = frozenset({"code"})

    def __init__(self, code: str, **options: Any) -> None:
        """
        Args:
            code: the source, indented as a whole or not.
            options: see `rtd.core.Task`; `name` is required.

        Raises:
            PolicyError: the code is no Python, or an option cannot be used.
        """
        if not isinstance(code, str):
            raise PolicyError(f"CodeTask: {code!r:.80} is no text")
        self.code = dedent(code)
        super().__init__(**options)

    def execute(self, **params: Any) -> Any:
        """Run the code with the parameters as its global variables."""
        variables = {"__name__": f"task {self.name}", **params}
        exec(self._compiled, variables)
        return variables.get(_RESULT)

    def _signature(self, where: str) -> TaskSignature:
        source = caller_location()
        file = f"<{where}>"
        try:
            self._compiled: CodeType = compile(self.code, file, "exec")
        except (SyntaxError, ValueError) as error:
            line = f", line {error.lineno}" if isinstance(error, SyntaxError) else ""
            raise PolicyError(f"{where}: its code{line}: {error.args[0]}") from None
        # A traceback shows these lines.
        lines = self.code.splitlines(keepends=True)
        linecache.cache[file] = (len(self.code), None, lines, file)
        names = tuple(sorted(_globals_of(self._compiled)))
        return TaskSignature(any_parameters=True, free_names=names, source=source)


def _globals_of(code: CodeType) -> set[str]:
    """Return the global variables that code reads, with those of its functions."""
    found = {
        str(step.argval)
        for step in dis.get_instructions(code)
        if step.opname in ("LOAD_NAME", "LOAD_GLOBAL")
    }
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            found |= _globals_of(constant)
    return found
