"""Which parameters a task's runs get beside those of their submit, and with what values.

The choice is made once, when the app has been imported: a task without such parameters costs
nothing. The executor's coordinator fetches from Redis what is there (results of tasks, values set
at run time). The run's own process or thread computes the values.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from rtd.common.msgpack_values import unpack
from rtd.model.parameter_names import field_of
from rtd.session.context.run_context import report_fault
from rtd.session.core.app_errors import is_app_error
from rtd.session.core.session_state import SessionState, SessionTask
from rtd.session.core.task_definition import FetchedValues, FetchKeys
from rtd.session.parameters.argument import (
    MISSING,
    Argument,
    as_argument,
    calls_function,
    resolve_value,
)


class ParameterFailed(Exception):
    """The value of a parameter could not be found.

    Attributes:
        name: of the parameter.
        error: the exception that was raised.
    """

    def __init__(self, name: str, error: BaseException) -> None:
        super().__init__(f"parameter {name!r}: {error}")
        self.name = name
        self.error = error


class ParameterResolver:
    """The parameters of one task that are its own or the session's.

    Args:
        task: the task.
        session: the task's session.
        own: the task's own parameters, by name.
        shared: the session's parameters, by name; used for the names that are not in `own`.
        names: the names of `shared` that the task gets.

    Attributes:
        fetch_keys: what to fetch from Redis before a run.
        is_quick: no function of the app is called for the values.
    """

    def __init__(
        self,
        task: SessionTask,
        session: SessionState,
        own: Mapping[str, Argument],
        shared: Mapping[str, Argument],
        names: Sequence[str],
    ) -> None:
        self.task = task
        self.task_name: Final = task.name
        self.session = session
        self.own = own
        self.shared = shared
        self._given = {**{name: shared[name] for name in names}, **own}
        names_used, tasks = self._closure()
        fields = [field_of(name, self.task_name) for name in own]
        fields += [field_of(name) for name in sorted(names_used | set(names)) if name in shared]
        self.fetch_keys: Final = FetchKeys(tuple(fields), tuple(sorted(tasks)))
        used = [*self._given.values(), *(shared[name] for name in names_used)]
        self.is_quick: Final = not any(map(calls_function, used))

    @property
    def names(self) -> tuple[str, ...]:
        """The parameters that a run gets unless its submit has them."""
        return tuple(self._given)

    def _closure(self) -> tuple[set[str], set[str]]:
        """Return the session's parameters and the task results that the arguments need, directly or
        through other parameters."""
        names: set[str] = set()
        tasks: set[str] = set()
        todo = list(self._given.values())
        while todo:
            used = todo.pop().dependencies(self.session)
            tasks |= used.tasks
            new = {name for name in used.names if name in self.shared} - names
            names |= new
            todo += [self.shared[name] for name in new]
        return names, tasks

    def find_problems(self) -> dict[str, str]:
        """Return a sentence for each parameter that no run can find."""
        return {
            name: text
            for name, argument in self._given.items()
            if (text := argument.find_problem(self.session)) is not None
        }

    def resolve(self, given: dict[str, Any], fetched: FetchedValues | None) -> dict[str, Any]:
        """Return all parameters of a run. One that cannot be found is reported as a fault.

        Args:
            given: those of the run's submit.
            fetched: what Redis has for `fetch_keys`.

        Raises:
            ParameterFailed: one of them could not be found.
        """
        values = _RunValues(self, fetched)
        for name, argument in self._given.items():
            if name not in given:
                try:
                    given[name] = values.value(name, argument)
                except ParameterFailed as failure:
                    self._report(failure)
                    raise
        return given

    def _report(self, failure: ParameterFailed) -> None:
        what = f"{self.task_name}.{failure.name}"
        halts = not self.session.config.silence_task_prerun
        report_fault("parameter", what, failure.error, halts=halts)


class _RunValues:
    """The values of one run, each computed once; a
    `rtd.session.parameters.argument.ValueSource`."""

    def __init__(self, resolver: ParameterResolver, fetched: FetchedValues | None) -> None:
        self.session = resolver.session
        self._resolver = resolver
        fields, tasks = fetched or ((), ())
        keys = resolver.fetch_keys
        self._set = {n: v for n, v in zip(keys.fields, fields, strict=False) if v is not None}
        self._results = {n: v for n, v in zip(keys.tasks, tasks, strict=False) if v is not None}
        self._known: dict[str, Any] = {}
        self._resolving: list[str] = []

    @property
    def task(self) -> Any:
        """The task of the run."""
        return self._resolver.task

    def value(self, name: str, argument: Argument) -> Any:
        """Return the value of a parameter of the task. Raises ParameterFailed."""
        try:
            if name not in self._resolver.own:
                return self.parameter(name)
            blob = self._set.get(field_of(name, self._resolver.task_name))
            return resolve_value(argument, self) if blob is None else unpack(blob)
        except BaseException as error:
            if not is_app_error(error):
                raise
            raise ParameterFailed(name, error) from error

    def parameter(self, name: str) -> Any:
        """Return the value of a parameter of the session; MISSING without one."""
        if name in self._known:
            return self._known[name]
        argument = self._resolver.shared.get(name)
        if argument is None:
            return MISSING
        if name in self._resolving:
            raise LookupError(f"it needs itself: {' -> '.join([*self._resolving, name])}")
        self._resolving.append(name)
        blob = self._set.get(field_of(name))
        self._known[name] = resolve_value(argument, self) if blob is None else unpack(blob)
        self._resolving.pop()
        return self._known[name]

    def task_result(self, task: str) -> Any:
        """Return the latest result of a task; MISSING when no run has succeeded."""
        if task not in self._resolver.fetch_keys.tasks:  # a function has returned a Return
            raise LookupError(f"the result of {task!r} comes too late here: let the task take it")
        blob = self._results.get(task)
        return MISSING if blob is None else unpack(blob)


def attach_resolvers(session: SessionState) -> None:
    """Set the resolver of every task of a session."""
    shared = {name: as_argument(value) for name, value in session.parameters.items()}
    for task in session.tasks.values():
        definition = task.definition
        own = {name: as_argument(value) for name, value in definition.parameters.items()}
        taken = [*(name for name, _ in definition.info.parameters), *definition.free_names]
        names = [name for name in taken if name in shared and name not in own]
        if own or names:
            resolver = ParameterResolver(task, session, own, shared, names)
            task.definition = replace(definition, resolver=resolver)
        elif definition.resolver is not None:
            task.definition = replace(definition, resolver=None)
