"""The signature of a task's function; its annotations are not evaluated."""

import sys
from typing import Any

import pytest

from rtd.session.core.signature import inspect_signature, signature_of

#: From 3.14 on all annotations are evaluated late.
LATE = "from __future__ import annotations\n" if sys.version_info < (3, 14) else ""


@pytest.mark.parametrize("code", ["def task(a: Gone, b: Gone = 1) -> Gone: ...", "class task: ..."])
def test_a_name_that_only_type_checkers_import_is_no_fault(code: str) -> None:
    names: dict[str, Any] = {}
    start = "\n    def start(self): ...\n    def __init__(self, a: Gone, b: Gone = 1): ..."
    exec(LATE + (code.replace(" ...", start) if "class" in code else code), names)
    task = names["task"]
    assert signature_of(task, "task").parameters == (("a", True), ("b", False))
    assert list(inspect_signature(task).parameters) == ["a", "b"]
