"""What the site makes from code reads well: usage, flags, defaults, names."""

import sys
from collections.abc import Iterator
from importlib import import_module
from types import ModuleType

import pytest
from docutils.utils import new_document
from sphinx import addnodes

from rtd.cli.main import build_parser
from tests.helpers.source import ROOT
from tools.generate_man import short_usage, usage_parts
from tools.settings_table import settings, shown


@pytest.fixture
def reference(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """The directives that write the reference."""
    monkeypatch.syspath_prepend(str(ROOT / "docs" / "_ext"))
    yield import_module("rtd_reference")
    sys.modules.pop("rtd_reference", None)


def test_a_default_is_what_a_person_would_write() -> None:
    values = (7 * 86400.0, 86400.0, 600.0, 1.5, 0.0)
    assert [shown(value, "retention_s") for value in values] == [
        "`7 days`", "`1 day`", "`10 minutes`", "`1.5`", "`0`",
    ]  # fmt: skip
    assert not any("604800" in one.default for one in settings())


def test_each_form_of_a_command_has_a_line_that_is_not_cut(reference: ModuleType) -> None:
    assert usage_parts("kill RUN ...   or   kill --task TASK") == [
        "kill RUN ...",
        "kill --task TASK",
    ]
    verbs = [verb for _, _, verb in reference._verbs(build_parser())]
    assert max(len(short_usage(verb)) for verb in verbs) < 80


def test_flags_in_prose_keep_their_two_dashes(reference: ModuleType) -> None:
    text = "The same --key, -f with `logs -o jsonl`: re-run, --no-wait."
    assert reference.mark_flags(text) == (
        "The same `--key`, `-f` with `logs -o jsonl`: re-run, `--no-wait`."
    )


def test_names_of_internal_modules_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT / "docs" / "_ext"))
    document = new_document("page")
    for module in ("rtd.session.core.session_config.", "rtd.arguments."):
        document += addnodes.desc_signature("", "", addnodes.desc_addname(module, module))
    import_module("rtd_autodoc")._hide_internal_modules(None, document)
    assert document.astext() == "\n\nrtd.arguments."
