"""`param 'name' exists`, `param 'name' is 'value'`, `env 'NAME' is 'value'`."""

from __future__ import annotations

from dataclasses import dataclass
from re import Match
from typing import ClassVar

from rtd.language.core.evaluation import Evaluation, Poll
from rtd.language.core.leaf import Form, Leaf, text_part
from rtd.language.core.time_zones import NEVER
from rtd.language.core.view import View
from rtd.language.text.quoted_names import QUOTED, quote, unquote


@dataclass(frozen=True, slots=True, repr=False)
class Param(Leaf):
    """A parameter of the app exists, or its `str()` is this value."""

    name: str
    value: str | None = None
    polled: ClassVar[frozenset[Poll]] = frozenset({Poll.PARAMS})

    def evaluate(self, view: View) -> Evaluation:
        params = view.world.params
        if self.name not in params:
            return False, NEVER
        return self.value is None or str(params[self.name]) == self.value, NEVER

    def fact(self, view: View) -> str:
        if self.name not in view.world.params:
            return f"no parameter is named {quote(self.name)}"
        if self.value is None:
            return f"the parameter {quote(self.name)} exists"
        return f"the parameter {quote(self.name)} is {quote(str(view.world.params[self.name]))}"

    def __str__(self) -> str:
        tail = "exists" if self.value is None else f"is {quote(self.value)}"
        return f"param {quote(self.name)} {tail}"


@dataclass(frozen=True, slots=True, repr=False)
class Env(Leaf):
    """An environment variable has this value."""

    name: str
    value: str
    polled: ClassVar[frozenset[Poll]] = frozenset({Poll.PARAMS})

    def evaluate(self, view: View) -> Evaluation:
        return view.world.env.get(self.name) == self.value, NEVER

    def fact(self, view: View) -> str:
        value = view.world.env.get(self.name)
        return f"{self.name} is not set" if value is None else f"{self.name} is {quote(value)}"

    def __str__(self) -> str:
        return f"env {quote(self.name)} is {quote(self.value)}"


def _text(match: Match[str], group: int) -> str:
    """A value in quotes; it may be empty."""
    return "" if len(match[group]) == 2 else unquote(text_part(match, group))


def read_exists(match: Match[str]) -> Param:
    """Make the leaf of its text."""
    return Param(unquote(text_part(match, 1)))


def read_is(match: Match[str]) -> Param:
    """Make the leaf of its text."""
    return Param(unquote(text_part(match, 1)), _text(match, 2))


def read_env(match: Match[str]) -> Env:
    """Make the leaf of its text."""
    return Env(unquote(text_part(match, 1)), _text(match, 2))


Param.forms = (
    Form(("param",), rf"param ({QUOTED}) exists", read_exists, ("param 'name' exists",)),
    Form(("param",), rf"param ({QUOTED}) is ({QUOTED})", read_is, ("param 'name' is 'value'",)),
)
Env.forms = (
    Form(("env",), rf"env ({QUOTED}) is ({QUOTED})", read_env, ("env 'NAME' is 'value'",)),
)
