"""Which parameters a task's runs are given beside those of their submit, and with what values.

What a task needs is decided once, when the app has been imported: a task without such parameters
pays nothing. What lies in Redis (results of tasks, values set at run time) is fetched by the
executor's coordinator; the values are made of it in the run's own process or thread.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from rtd.common.msgpack_values import unpack
from rtd.model.parameter_names import field_of
from rtd.session.core.app_errors import is_app_error
from rtd.session.core.run_context import report_fault
from rtd.session.parameters.argument import (
    MISSING,
    Argument,
    as_argument,
    calls_function,
    resolve_value,
)

if TYPE_CHECKING:
    from rtd.session.session import Session
    from rtd.session.tasks.definition import TaskDefinition

#: What Redis has for `FetchKeys`: values set at run time, then results; None for each it has not.
FetchedValues = Sequence[Sequence[bytes | None]]


class FetchKeys(NamedTuple):
    """What is to be fetched before a run: fields of parameters, names of tasks."""

    fields: tuple[str, ...]
    tasks: tuple[str, ...]


class ParameterFailed(Exception):
    """The value of a parameter could not be found.

    Attributes:
        name: of the parameter.
        error: what was raised.
    """

    def __init__(self, name: str, error: BaseException) -> None:
        super().__init__(f"parameter {name!r}: {error}")
        self.name = name
        self.error = error


class ParameterResolver:
    """The parameters of one task that are its own or the session's.

    Args:
        definition: the task.
        session: its session.
        own: its own parameters, by name.
        shared: those of the session, by name; used for the names that are not in `own`.
        names: of `shared`, those that the task is given.
    """

    def __init__(
        self,
        definition: TaskDefinition,
        session: Session,
        own: Mapping[str, Argument],
        shared: Mapping[str, Argument],
        names: Sequence[str],
    ) -> None:
        self.definition = definition
        self.session = session
        self.own = own
        self.shared = shared
        self._given = {**{name: shared[name] for name in names}, **own}
        names_used, tasks = self._closure()
        fields = [field_of(name, definition.name) for name in own]
        fields += [field_of(name) for name in sorted(names_used | set(names)) if name in shared]
        self.fetch_keys: Final = FetchKeys(tuple(fields), tuple(sorted(tasks)))
        used = [*self._given.values(), *(shared[name] for name in names_used)]
        #: No function is called for it.
        self.is_quick: Final = not any(map(calls_function, used))

    @property
    def names(self) -> tuple[str, ...]:
        """The parameters that a run is given unless its submit does."""
        return tuple(self._given)

    def _closure(self) -> tuple[set[str], set[str]]:
        """Parameters of the session and results that its arguments ask for, however far."""
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
        """What is wrong already: a sentence for each parameter that cannot be found."""
        return {
            name: text
            for name, argument in self._given.items()
            if (text := argument.find_problem(self.session)) is not None
        }

    def resolve(self, given: dict[str, Any], fetched: FetchedValues | None) -> dict[str, Any]:
        """All parameters of a run. One that cannot be found is a fault of the app's, too.

        Args:
            given: by its submit.
            fetched: what Redis has for `needs`.

        Raises:
            ParameterFailed: one of them could not be found.
        """
        moment = _RunValues(self, fetched)
        for name, argument in self._given.items():
            if name not in given:
                try:
                    given[name] = moment.value(name, argument)
                except ParameterFailed as failure:
                    self._report(failure)
                    raise
        return given

    def _report(self, failure: ParameterFailed) -> None:
        what = f"{self.definition.name}.{failure.name}"
        halts = not self.session.config.silence_task_prerun
        report_fault("parameter", what, failure.error, halts=halts)


class _RunValues:
    """The values of one run, each worked out once; see `arguments.Source`."""

    def __init__(self, filling: ParameterResolver, fetched: FetchedValues | None) -> None:
        self.session: Any = filling.session
        self._filling = filling
        fields, tasks = fetched or ((), ())
        needs = filling.fetch_keys
        self._set = {n: v for n, v in zip(needs.fields, fields, strict=False) if v is not None}
        self._results = {n: v for n, v in zip(needs.tasks, tasks, strict=False) if v is not None}
        self._known: dict[str, Any] = {}
        self._asked: list[str] = []

    @property
    def task(self) -> Any:
        """The task, as hooks are given it, too."""
        from rtd.session.tasks.base import task_of  # lazy: it needs what needs this module

        return task_of(self._filling.definition, self.session)

    def value(self, name: str, argument: Argument) -> Any:
        """The value of one of the task's parameters. Raises ParameterFailed."""
        try:
            if name not in self._filling.own:
                return self.parameter(name)
            blob = self._set.get(field_of(name, self._filling.definition.name))
            return resolve_value(argument, self) if blob is None else unpack(blob)
        except BaseException as error:
            if not is_app_error(error):
                raise
            raise ParameterFailed(name, error) from error

    def parameter(self, name: str) -> Any:
        if name in self._known:
            return self._known[name]
        argument = self._filling.shared.get(name)
        if argument is None:
            return MISSING
        if name in self._asked:
            raise LookupError(f"it needs itself: {' -> '.join([*self._asked, name])}")
        self._asked.append(name)
        blob = self._set.get(field_of(name))
        self._known[name] = resolve_value(argument, self) if blob is None else unpack(blob)
        self._asked.pop()
        return self._known[name]

    def task_result(self, task: str) -> Any:
        if task not in self._filling.fetch_keys.tasks:  # a function has returned a Return
            raise LookupError(f"the result of {task!r} comes too late here: let the task take it")
        blob = self._results.get(task)
        return MISSING if blob is None else unpack(blob)


def attach_resolvers(session: Session) -> None:
    """Decide for every task of a session what its runs are given."""
    shared = {name: as_argument(value) for name, value in session.parameters.items()}
    for definition in session.tasks.values():
        own = {name: as_argument(value) for name, value in definition.parameters.items()}
        taken = [*(name for name, _ in definition.info.parameters), *definition.free_names]
        names = [name for name in taken if name in shared and name not in own]
        definition.resolver = (
            ParameterResolver(definition, session, own, shared, names) if own or names else None
        )
