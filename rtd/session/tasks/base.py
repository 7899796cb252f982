"""Tasks as objects: the base of all kinds of tasks, `rtd.core.Task`."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from types import TracebackType
from typing import TYPE_CHECKING, Any, ClassVar

from rtd.common.errors import PolicyError
from rtd.session.core.default_session import default_session
from rtd.session.core.hooks import Hook
from rtd.session.core.register_hook import register_hook
from rtd.session.core.signature import TaskSignature, caller_location, first_line, signature_of
from rtd.session.tasks.definition import TaskDefinition, define
from rtd.session.tasks.properties import TaskProperties

if TYPE_CHECKING:
    from rtd.session.session import Session


def _checked(kind: type[Task], init: Callable[..., None]) -> Callable[..., None]:
    """That initializer, and an error where it has not called the one above it: what is made by
    it would silently be no task."""

    @wraps(init)
    def checked(self: Task, *args: Any, **kwargs: Any) -> None:
        init(self, *args, **kwargs)
        if type(self) is kind and "definition" not in self.__dict__:
            raise PolicyError(f"{kind.__name__}: its __init__ does not call super().__init__(...)")

    return checked


class Task(TaskProperties):
    """Base of kinds of tasks: an instance is a task, and is in its session once it is made.

    ```python
    class SQLTask(Task):
        def __init__(self, query, **options):
            self.query = query
            super().__init__(**options)

        def execute(self, **params):
            return connect().execute(self.query, params)

        def get_default_name(self):
            return self.query

    SQLTask("DELETE FROM visits", start_cond="daily after 23:00")
    ```

    Override `execute` (also as `async def`); `get_default_name`, `process_success`,
    `process_failure` and `process_finish` as needed. A run has a copy of the instance in its own
    process: what it changes there, nobody else sees.

    Attributes:
        session: the session that it is in.
        definition: what executors carry out.
    """

    session: Session
    definition: TaskDefinition
    #: Whether one may be made that is no task yet (a decorator).
    _may_decorate: ClassVar[bool] = False

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        if "__init__" in cls.__dict__ and not cls._may_decorate:
            cls.__init__ = _checked(cls, cls.__init__)  # type: ignore[method-assign]

    def __init__(
        self,
        parameters: Any = None,
        session: Session | None = None,
        *,
        name: str | None = None,
        on_exists: str | None = None,
        **options: Any,
    ) -> None:
        """
        Args:
            parameters: its own, by name: values, or what is found right before each run
                (`rtd.arguments`).
            session: where it goes; default: the session that declarations go to.
            name: default: what `get_default_name` gives.
            on_exists: what to do when the name is taken: `raise`, `replace`, `ignore` or
                `rename`; default: the session's `task_pre_exist`.
            options: `description`, `start_cond`, `end_cond`, `timeout`, `execution` (`process`,
                `thread`, `main`, `async`), `priority`, `disabled`, `force_run`, `on_startup`,
                `on_shutdown`, and all policies of `Session.task`.

        Raises:
            PolicyError: an option, a name or a condition that cannot be used.
        """
        home = session if session is not None else default_session()
        surrounding = home.init_hook_scope()
        surrounding.before(self)
        self.session = home
        chosen = name or (str(id(self)) if home.config.use_instance_naming else None)
        if parameters is not None:
            options["parameters"] = parameters
        self.definition = self._define(chosen or self.get_default_name(), options)
        self.definition.task = self
        home.add(self.definition, on_exists)
        surrounding.after()

    def _define(self, name: str, options: dict[str, Any]) -> TaskDefinition:
        """What executors carry out. Raises PolicyError."""
        fresh = options.pop("fresh", False)
        shape = self._signature(f"task {name!r}")
        return define(self._target(), name=name, fresh=fresh, options=options, shape=shape)

    def _target(self) -> Callable[..., Any]:
        """What a run calls with its parameters."""
        return self.execute

    def _signature(self, where: str) -> TaskSignature:
        if type(self).execute is Task.execute:
            raise PolicyError(f"{where}: {type(self).__name__} has no execute() of its own")
        doc = first_line(type(self).__doc__)
        return signature_of(self.execute, where)._replace(doc=doc, source=caller_location())

    # -- for kinds to override -----------------------------------------------------------------

    if TYPE_CHECKING:  # a kind's own execute may take what it likes
        execute: Callable[..., Any]
    else:

        def execute(self, **params: Any) -> Any:
            """Do the work with the parameters of the run; what it returns is the run's result."""
            raise TypeError(f"{type(self).__name__} has no execute() of its own")

    def get_default_name(self) -> str:
        """What the task is called when nobody gives it a name. Raises PolicyError: it needs one."""
        raise PolicyError(f"a {type(self).__name__} needs a name: name='...'")

    def process_success(self, output: Any) -> None:
        """Called when `execute` has returned; if it raises, the run has failed."""

    def process_failure(
        self,
        exc_type: type[BaseException],
        exc: BaseException,
        tb: TracebackType | None,
    ) -> None:
        """Called when the run has failed, with what was raised."""

    def process_finish(self, status: str) -> None:
        """Called at the end of each run, with `succeeded`, `failed` or `termination`."""

    # -- hooks ---------------------------------------------------------------------------------

    @staticmethod
    def hook_init(hook: Hook | None = None) -> Any:
        """Decorator: call the function with each task that is made after it: a plain one before
        the task has anything, the rest of a generator when it is in its session."""
        return register_hook("init", hook)

    @staticmethod
    def hook_execute(hook: Hook | None = None) -> Any:
        """Decorator: call the function with the task around each run, in the run's own process.

        A generator goes on when the run has ended; its `yield` gives the exception triple,
        `(None, None, None)` after a success.
        """
        return register_hook("execute", hook)

    def __repr__(self) -> str:
        made = "definition" in self.__dict__
        return f"<{type(self).__name__} {self.name!r}>" if made else f"<{type(self).__name__}>"


class DeclaredTask(Task):
    """The object of a task that was declared with `@session.task`."""

    def __init__(self, definition: TaskDefinition, session: Session) -> None:
        self.session = session
        self.definition = definition

    def execute(self, **params: Any) -> Any:
        """Call what was declared."""
        target = self.definition.target
        return target(**params).start() if self.definition.is_class else target(**params)


def task_of(definition: TaskDefinition, session: Session) -> Task:
    """The task as an object; for one of `@session.task` it is made when first asked for."""
    if definition.task is None:
        definition.task = DeclaredTask(definition, session)
    task: Task = definition.task
    return task
