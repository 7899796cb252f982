"""The copy of an app in an executor: a change of it that would have no effect raises an error that
says where the app is changed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, NamedTuple, NoReturn, TypeVar

from rtd.common.errors import PolicyError

Value = TypeVar("Value")
#: Where a change of the app is made.
_ELSEWHERE: Final = "change the app and run `rtctl reload`"


class ServingApp(NamedTuple):
    """The ways from a copy of the app to the daemon.

    Attributes:
        switch: lets a task start by its condition, or stops that, as `rtctl enable` and
            `rtctl disable` do.
        report_fault: takes kind, what and a sentence, for `rtctl status`.
    """

    switch: Callable[[str, bool], None]
    report_fault: Callable[[str, str, str], None]


def refuse_late(what: str, where: str = _ELSEWHERE) -> NoReturn:
    """Raise PolicyError: the copy of the app in this process cannot change the app."""
    raise PolicyError(f"{what} cannot be changed while the app serves: {where}")


class DeclaredDict(dict[str, Value]):
    """A dict that refuses changes once the app serves.

    Attributes:
        late: the error then: what it is, and where it is changed instead.
    """

    late: tuple[str, ...] = ()

    def freeze(self, what: str, where: str = _ELSEWHERE) -> None:
        """Refuse changes from now on."""
        self.late = (what, where)

    def _check(self) -> None:
        if self.late:
            refuse_late(*self.late)

    def __setitem__(self, name: str, value: Value) -> None:
        self._check()
        super().__setitem__(name, value)

    def __delitem__(self, name: str) -> None:
        self._check()
        super().__delitem__(name)

    def __ior__(self, other: Any) -> Any:  # type: ignore[misc]
        self.update(other)
        return self

    def pop(self, *args: Any) -> Any:
        """Remove a name and return its value."""
        self._check()
        return super().pop(*args)

    def popitem(self) -> tuple[str, Value]:
        """Remove the last name and return it with its value."""
        self._check()
        return super().popitem()

    def clear(self) -> None:
        """Remove all names."""
        self._check()
        super().clear()

    def update(self, *args: Any, **more: Any) -> None:
        """Set all names of a mapping or of pairs."""
        self._check()
        super().update(*args, **more)

    def setdefault(self, name: str, default: Any = None) -> Any:
        """Return the value of a name; set it to `default` first when there is none."""
        if name not in self:
            self[name] = default
        return self[name]
