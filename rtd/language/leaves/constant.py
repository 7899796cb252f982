"""`true`, `false`, `always true`, `always false`, `always`, `never`."""

from __future__ import annotations

from dataclasses import dataclass

from rtd.language.core.evaluation import Evaluation
from rtd.language.core.leaf import Form, Leaf
from rtd.language.core.time_zones import NEVER
from rtd.language.core.view import View


@dataclass(frozen=True, slots=True, repr=False)
class Constant(Leaf):
    """Always true, or always false."""

    value: bool

    def evaluate(self, view: View) -> Evaluation:
        return self.value, NEVER

    def fact(self, view: View) -> str:
        return f"it is always {self}"

    def __str__(self) -> str:
        return "true" if self.value else "false"


TRUE = Constant(True)
FALSE = Constant(False)

Constant.forms = (
    Form(("true", "always"), r"true|always(?: true)?", lambda _: TRUE, ("true", "always true")),
    Form(
        ("false", "never", "always"),
        r"false|never|always false",
        lambda _: FALSE,
        ("false", "never"),
    ),
)
