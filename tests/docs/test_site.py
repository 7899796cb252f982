"""What the site makes from code reads well: usage, flags, defaults, names."""

from importlib import import_module

import pytest
from docutils.utils import new_document
from sphinx import addnodes
from sphinx.ext.napoleon import Config, GoogleDocstring

from rtd.cli.main import build_parser
from tests.helpers.source import ROOT
from tools import reference_commands
from tools.generate_man import short_usage, usage_parts
from tools.made_parts import filled
from tools.markdown_text import mark_flags
from tools.settings_table import settings, shown


def test_a_default_is_what_a_person_would_write() -> None:
    values = (7 * 86400.0, 86400.0, 600.0, 1.5, 0.0)
    assert [shown(value, "retention_s") for value in values] == [
        "`7 days`", "`1 day`", "`10 minutes`", "`1.5`", "`0`",
    ]  # fmt: skip
    assert not any("604800" in one.default for one in settings())


def test_each_form_of_a_command_has_a_line_that_is_not_cut() -> None:
    assert usage_parts("kill RUN ...   or   kill --task TASK") == [
        "kill RUN ...",
        "kill --task TASK",
    ]
    verbs = [verb for _, _, verb in reference_commands._verbs(build_parser())]
    assert max(len(short_usage(verb)) for verb in verbs) < 80


def test_flags_in_prose_keep_their_two_dashes() -> None:
    text = "The same --key, -f with `logs -o jsonl`: re-run, --no-wait."
    assert mark_flags(text) == ("The same `--key`, `-f` with `logs -o jsonl`: re-run, `--no-wait`.")


def test_names_of_internal_modules_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT / "docs" / "_ext"))
    document = new_document("page")
    for module in ("rtd.session.core.session_config.", "rtd.arguments."):
        document += addnodes.desc_signature("", "", addnodes.desc_addname(module, module))
    import_module("rtd_autodoc")._hide_internal_modules(None, document)
    assert document.astext() == "\n\nrtd.arguments."


def rst_of(monkeypatch: pytest.MonkeyPatch, what: str, docstring: str) -> str:
    """A docstring as Sphinx reads it, after the listeners of the site and of napoleon."""
    monkeypatch.syspath_prepend(str(ROOT / "docs" / "_ext"))
    lines = docstring.split("\n")
    import_module("rtd_autodoc")._to_rst(None, what, "", None, None, lines)
    return str(GoogleDocstring(lines, Config(), what=what, name="ok"))


def test_a_colon_in_the_help_of_a_property_names_no_type(monkeypatch: pytest.MonkeyPatch) -> None:
    text = rst_of(monkeypatch, "property", "Whether it ended. Does not call: after\n`wait`.")
    assert ":type:" not in text
    assert "Does not call: after\n``wait``." in text


def test_an_example_in_a_docstring_is_code(monkeypatch: pytest.MonkeyPatch) -> None:
    doc = "A client.\n\n    with Client() as rt:\n        pass\n\nArgs:\n    one: a number.\n"
    text = rst_of(monkeypatch, "class", doc)
    assert "A client.\n\n.. code-block:: python\n\n    with Client() as rt:\n        pass\n" in text
    assert ":param one: a number." in text


def test_the_asyncio_client_refers_to_what_the_site_has(monkeypatch: pytest.MonkeyPatch) -> None:
    text = rst_of(monkeypatch, "method", "See `rtctl.client.client.Client.ls`. Use `async for`.")
    assert text.strip() == "The same as :py:meth:`Client.ls <rtctl.Client.ls>`. Use ``async for``."
    text = rst_of(monkeypatch, "method", "See `rtctl.client.run_collector.RunCollector.wait`.")
    assert "`Client.wait <rtctl.Client.wait>`" in text


def test_a_part_of_a_page_is_what_the_code_says_now() -> None:
    page = "Before.\n\n<!-- made: units -->\nstale\n<!-- end -->\n\nAfter.\n"
    text = filled(page)
    assert text.startswith("Before.\n\n<!-- made: units -->\n\nSpans: `w`")
    assert text.endswith("`TiB`.\n\n<!-- end -->\n\nAfter.\n")
    assert "stale" not in text
    assert filled(text) == text


def test_pages_have_their_tables_also_where_no_site_is_built() -> None:
    bare = "`make docs` writes"
    pages = [path for path in (ROOT / "docs").rglob("*.md") if "_build" not in path.parts]
    assert [str(path) for path in pages if "```{rt" in (t := path.read_text()) or bare in t] == []
    assert "| `max_concurrency` |" in (ROOT / "docs/guides/tasks.md").read_text()
    assert "### rtctl submit" in (ROOT / "docs/reference/rtctl.md").read_text()
