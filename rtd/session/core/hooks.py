"""The app's functions that are called around tasks and around the scheduler."""

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, field, fields
from types import TracebackType
from typing import Any, Final

from rtd.session.core.app_errors import is_app_error

Hook = Callable[..., Any]
ExcInfo = tuple[type[BaseException] | None, BaseException | None, TracebackType | None]
#: Called for a hook that raised: the hook's name and the exception.
OnRaised = Callable[[str, BaseException], None]

NOTHING_RAISED: Final[ExcInfo] = (None, None, None)


@dataclass(slots=True)
class Hooks:
    """All hooks of a session, in the order of their declaration.

    Attributes:
        init: called with each task when it is made.
        execute: generator functions, called with the task around each of its executions; a
            `yield` gives the exception triple, `(None, None, None)` for a success.
        startup, cycle, shutdown: called with the scheduler, plain or generator functions.
        start, stop: called with the executor, in each process that carries out code of the app.
        before_fork: called without arguments in the process that has imported the app, before the
            first process is forked from it.
    """

    init: list[Hook] = field(default_factory=list)
    execute: list[Hook] = field(default_factory=list)
    startup: list[Hook] = field(default_factory=list)
    cycle: list[Hook] = field(default_factory=list)
    shutdown: list[Hook] = field(default_factory=list)
    start: list[Hook] = field(default_factory=list)
    stop: list[Hook] = field(default_factory=list)
    before_fork: list[Hook] = field(default_factory=list)

    def take_over(self, other: "Hooks") -> None:
        """Put the hooks of another session before these."""
        for f in fields(self):
            getattr(self, f.name)[:0] = getattr(other, f.name)

    def counts(self) -> dict[str, int]:
        """Return how many hooks of the scheduler there are, by kind."""
        return {kind: len(getattr(self, kind)) for kind in ("startup", "cycle", "shutdown")}


def hook_name(hook: Hook) -> str:
    """Return a hook's name in a fault: `module.function`."""
    name = getattr(hook, "__qualname__", type(hook).__qualname__)
    return f"{getattr(hook, '__module__', '?')}.{name}"


class HookScope:
    """Calls hooks around one thing: plain functions before it, generators on both sides.

    A hook that raises is reported and has ended; the others go on.

    Args:
        hooks: in the order of their calls.
        on_raised: called for each hook that raises.

    Attributes:
        last_hook: the hook that was called last.
    """

    __slots__ = ("_hooks", "_on_raised", "_open", "last_hook")

    def __init__(self, hooks: Sequence[Hook], on_raised: OnRaised) -> None:
        self._hooks = hooks
        self._on_raised = on_raised
        self._open: list[tuple[Hook, Generator[Any, ExcInfo, Any]]] = []
        self.last_hook: Hook | None = None

    def before(self, subject: Any) -> None:
        """Call all hooks with the task or the scheduler, generators up to their `yield`."""
        for hook in self._hooks:
            self.last_hook = hook
            try:
                returned: Any = hook(subject)
                if isinstance(returned, Generator) and _reaches_yield(returned):
                    self._open.append((hook, returned))
            except BaseException as error:
                self._contain(hook, error)

    def after(self, raised: ExcInfo = NOTHING_RAISED) -> None:
        """Resume the generators. Their `yield` gives `raised`."""
        while self._open:
            hook, generator = self._open.pop(0)
            self.last_hook = hook
            try:
                generator.send(raised)
                generator.close()
                raise RuntimeError("it has more than one yield")
            except StopIteration:
                continue
            except BaseException as error:
                self._contain(hook, error)

    def _contain(self, hook: Hook, error: BaseException) -> None:
        if not is_app_error(error):
            raise error
        self._on_raised(hook_name(hook), error)


def _reaches_yield(generator: Generator[Any, ExcInfo, Any]) -> bool:
    for _ in generator:
        return True
    return False
