"""The base of all tasks: `rtd.Task`, which is `rtd.core.Task`."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from types import TracebackType
from typing import TYPE_CHECKING, Any, ClassVar, Final

from rtd.common.errors import PolicyError
from rtd.session.core.default_session import default_session, register_hook
from rtd.session.core.hooks import Hook
from rtd.session.core.session_state import SessionState
from rtd.session.core.signature import TaskSignature, caller_location, class_doc, signature_of
from rtd.session.core.task_definition import TaskDefinition
from rtd.session.tasks.class_task import ClassTask
from rtd.session.tasks.define_task import define_task
from rtd.session.tasks.properties import TaskProperties

#: Methods that Red Engine calls on the way to `execute`.
_UNCALLED: Final = frozenset(
    {"prefilter_params", "postfilter_params", "filter_params", "run_as_main", "run_as_thread"}
    | {"run_as_process", "get_task_params", "log_running", "log_success", "log_failure"}
)
_INSTEAD: Final = (
    "parameters are found by their arguments (rtd.arguments) and go to execute as they are; "
    "around a run there are Task.hook_execute and process_success, process_failure, process_finish"
)


def _checked(kind: type[Task], init: Callable[..., None]) -> Callable[..., None]:
    """Return an initializer that raises an error when `init` has not called the base's.

    Such an object would silently be no task.
    """

    @wraps(init)
    def checked(self: Task, *args: Any, **kwargs: Any) -> None:
        if self.is_made_per_run:
            self.__dict__.setdefault("task_data", kwargs)
        init(self, *args, **kwargs)
        if type(self) is kind and not kind.is_made_per_run and "definition" not in self.__dict__:
            raise PolicyError(f"{kind.__name__}: its __init__ does not call super().__init__(...)")

    checked.fills_task_data = True  # type: ignore[attr-defined]
    return checked


def fill_task_data(kind: type[Task]) -> None:
    """Let the instances of a class task have `task_data`, also where a decorator such as
    `dataclass` has made the initializer later than the class."""
    if not getattr(kind.__init__, "fills_task_data", kind.__init__ is Task.__init__):
        kind.__init__ = _checked(kind, kind.__init__)  # type: ignore[method-assign]


class Task(ClassTask, TaskProperties):
    """Base of tasks that are classes. A class overrides `execute` or `start`.

    With `execute` each instance is a task, and is in its session once it is made:

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

    `execute` may be `async def`. Override `get_default_name`, `process_success`,
    `process_failure` and `process_finish` as needed. A run has a copy of the instance in its own
    process: no other run sees its changes.

    With `start` the class is the task, and each run makes an instance from its parameters:

    ```python
    @session.task()
    class Import(Task):
        NAME = "team/import"

        def __init__(self, path):
            self.path = path

        def start(self): ...
    ```

    Override `stop`, too, to be asked to end instead of getting `rtd.Stopped` raised. The
    attributes of such an instance are its own: no option of the task is among them. See
    `rtd.session.tasks.class_task.ClassTask` for what else it has.

    Attributes:
        session: the session that the task is in.
        definition: what executors carry out.
    """

    session: Any
    definition: TaskDefinition
    #: Whether an instance may be made that is no task yet (a decorator).
    _may_decorate: ClassVar[bool] = False

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        for name in sorted(_UNCALLED & cls.__dict__.keys()):
            raise PolicyError(
                f"{cls.__name__}.{name}: rtd does not call this method of Red Engine's; {_INSTEAD}"
            )
        if cls.start is not Task.start and cls.execute is Task.execute:
            cls.is_made_per_run = True
        if "__init__" in cls.__dict__ and not cls._may_decorate:
            cls.__init__ = _checked(cls, cls.__init__)  # type: ignore[method-assign]

    def __init__(
        self,
        parameters: Any = None,
        session: SessionState | None = None,
        *,
        name: str | None = None,
        on_exists: str | None = None,
        **options: Any,
    ) -> None:
        """
        Args:
            parameters: the task's own, by name: values, or arguments that are found right before
                each run (`rtd.arguments`).
            session: gets the task; default: the default session.
            name: default: what `get_default_name` returns.
            on_exists: what to do when the name is taken: `raise`, `replace`, `ignore` or
                `rename`; default: the session's `task_pre_exist`.
            options: `description`, `start_cond`, `end_cond`, `timeout`, `lane` (`process`,
                `thread`, `main`, `async`; also by Red Engine's word `execution`), `priority`,
                `disabled`, `force_run`, `on_startup`, `on_shutdown`, and all policies of
                `rtd.session.Session.task`.

        Raises:
            PolicyError: an option, a name or a condition that cannot be used.
        """
        if self.is_made_per_run:
            self.__dict__.setdefault("task_data", {})
            return
        home = session if session is not None else default_session()
        hooks = home.init_hook_scope()
        hooks.before(self)
        self.session = home
        chosen = name or (str(id(self)) if home.config.use_instance_naming else None)
        if parameters is not None:
            options["parameters"] = parameters
        self.definition = self._define(chosen or self.get_default_name(), options)
        home.add(self, on_exists)
        hooks.after()

    def _define(self, name: str, options: dict[str, Any]) -> TaskDefinition:
        """Return what executors carry out. Raises PolicyError."""
        return define_task(self._target(), name, options, self._signature(f"task {name!r}"))

    def _target(self) -> Callable[..., Any]:
        """Return what a run calls with its parameters."""
        return self.execute

    def _signature(self, where: str) -> TaskSignature:
        if type(self).execute is Task.execute:
            raise PolicyError(f"{where}: {type(self).__name__} has no execute() of its own")
        doc = class_doc(type(self))
        return signature_of(self.execute, where)._replace(doc=doc, source=caller_location())

    # -- for a class whose instances are tasks -------------------------------------------------

    if TYPE_CHECKING:  # the execute of a subclass may take any parameters
        execute: Callable[..., Any]
    else:

        def execute(self, **params: Any) -> Any:
            """Do the work with the parameters of the run. The return value is the run's result."""
            raise TypeError(f"{type(self).__name__} has no execute() of its own")

    def get_default_name(self) -> str:
        """Return the name of a task that is given none. Raises PolicyError: it needs one."""
        raise PolicyError(f"a {type(self).__name__} needs a name: name='...'")

    def process_success(self, output: Any) -> None:
        """Called when `execute` has returned. If this raises, the run has failed."""

    def process_failure(
        self,
        exc_type: type[BaseException],
        exc: BaseException,
        tb: TracebackType | None,
    ) -> None:
        """Called when the run has failed, with the exception."""

    def process_finish(self, status: str) -> None:
        """Called at the end of each run, with `succeeded`, `failed` or `termination`."""

    # -- hooks ---------------------------------------------------------------------------------

    @staticmethod
    def hook_init(hook: Hook | None = None) -> Any:
        """Decorator: call the function with each task that is made after it.

        A plain function is called before the task has anything; the rest of a generator when
        the task is in its session.
        """
        return register_hook("init", hook)

    @staticmethod
    def hook_execute(hook: Hook | None = None) -> Any:
        """Decorator: call the function with the task around each run, in the run's own process.

        A generator resumes when the run has ended; its `yield` gives the exception triple,
        `(None, None, None)` after a success.
        """
        return register_hook("execute", hook)

    def __repr__(self) -> str:
        kind = type(self).__name__
        definition = self.__dict__.get("definition")
        if isinstance(definition, TaskDefinition):
            return f"<{kind} {definition.info.name!r}>"
        return f"<{kind}>"
