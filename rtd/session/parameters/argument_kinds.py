"""The kinds of arguments: a parameter, an environment variable, a task's result, and others."""

from __future__ import annotations

import inspect
import os
from typing import Any

from rtd.common.did_you_mean import did_you_mean
from rtd.session.core.session_state import SessionState
from rtd.session.parameters.argument import (
    MISSING,
    Argument,
    Dependencies,
    ValueSource,
    arguments_in,
)


class _ArgumentWithDefault(Argument):
    """An argument that may find nothing. A private default makes the argument private."""

    def __init__(self, default: Any) -> None:
        self.default = default
        self.private = any(part.private for part in self.parts())

    def parts(self) -> tuple[Argument, ...]:
        return arguments_in(self.default)


class Arg(_ArgumentWithDefault):
    """The parameter of the session that has this name.

    Args:
        name: of the parameter.
        default: the value without such a parameter; without a default the run fails.
    """

    kind = "arg"

    def __init__(self, name: str, default: Any = MISSING) -> None:
        super().__init__(default)
        self.name = name

    def resolve(self, source: ValueSource) -> Any:
        value = source.parameter(self.name)
        value = self.default if value is MISSING else value
        if value is MISSING:
            raise LookupError(self._sentence())
        return value

    def find_problem(self, session: SessionState) -> str | None:
        if self.name in session.parameters:
            return None
        return self._sentence() if self.default is MISSING else super().find_problem(session)

    def _sentence(self) -> str:
        return f"the session has no parameter {self.name!r}"

    def dependencies(self, session: SessionState) -> Dependencies:
        inner = super().dependencies(session)
        return inner._replace(names=inner.names | {self.name})

    def describe(self) -> str:
        return f"the session's {self.name}"

    def __repr__(self) -> str:
        return f"Arg({self.name!r})"


class EnvArg(_ArgumentWithDefault):
    """An environment variable of the daemon, as text.

    Args:
        variable: its name.
        default: the value without such a variable; without a default the run fails.
    """

    kind = "env"

    def __init__(self, variable: str, default: Any = MISSING) -> None:
        super().__init__(default)
        self.variable = variable

    def resolve(self, source: ValueSource) -> Any:
        value = os.environ.get(self.variable, self.default)
        if value is MISSING:
            raise LookupError(f"the environment variable {self.variable} is not set")
        return value

    def describe(self) -> str:
        return f"environment variable {self.variable}"

    def __repr__(self) -> str:
        return f"EnvArg({self.variable!r})"


class Return(_ArgumentWithDefault):
    """The result of the latest successful run of a task.

    Args:
        task: the task's name, or the task or function itself.
        default: the value as long as no run has succeeded.
    """

    kind = "return"

    def __init__(self, task: Any, default: Any = MISSING) -> None:
        super().__init__(default)
        self.task = task

    def task_name(self, session: SessionState) -> str:
        """Return the task's name in a session."""
        if isinstance(self.task, str):
            return self.task
        named = getattr(self.task, "name", None)
        if isinstance(named, str):
            return named
        for name, task in session.tasks.items():
            if inspect.unwrap(task.definition.target) is inspect.unwrap(self.task):
                return name
        return str(getattr(self.task, "__name__", self.task))

    def resolve(self, source: ValueSource) -> Any:
        result = source.task_result(self.task_name(source.session))
        if result is not MISSING:
            return result
        problem = self.find_problem(source.session)
        if problem is not None:
            raise LookupError(problem)
        return None if self.default is MISSING else self.default

    def find_problem(self, session: SessionState) -> str | None:
        name = self.task_name(session)
        if self.default is not MISSING:
            return super().find_problem(session)
        if name in session.tasks:
            return None
        hint = did_you_mean(name, session.tasks)
        return f"there is no task {name!r} whose result it could be{hint}"

    def dependencies(self, session: SessionState) -> Dependencies:
        inner = super().dependencies(session)
        return inner._replace(tasks=inner.tasks | {self.task_name(session)})

    def describe(self) -> str:
        named = getattr(self.task, "name", None) or getattr(self.task, "__name__", self.task)
        return f"result of {named}"

    def __repr__(self) -> str:
        return f"Return({self.task!r})"


class SessionArg(Argument):
    """The session itself."""

    kind = "arg"

    def get_value(self, session: Any = None, **_given: Any) -> Any:
        return session

    def describe(self) -> str:
        return "the session"


class TaskArg(Argument):
    """The task of the run, or another of the session by its name."""

    kind = "arg"

    def __init__(self, name: str | None = None) -> None:
        self.name = name

    def get_value(self, task: Any = None, session: Any = None, **_given: Any) -> Any:
        return task if self.name is None else session[self.name]

    def describe(self) -> str:
        return "the task" if self.name is None else f"the task {self.name}"
