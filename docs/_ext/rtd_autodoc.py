"""Lets Sphinx show classes and functions as users know them."""

import re

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx

import rtd

#: An indented example behind a paragraph, but not the text of `Args:`.
_EXAMPLE = re.compile(r"(?m)^(?=\S)(.*[^:\n])\n\n(?= {4}\S)")
#: What stands in the docstrings of the asyncio client: the module is internal, the class may be.
_SEE = re.compile(r"See ``rtctl\.client\.(?:\w+\.)*(\w+)\.(\w+)``")
_SHOWN_AS = {
    "RunCollector": "rtctl.Client",
    "Client": "rtctl.Client",
    "Run": "rtctl.Run",
    "BoundTask": "rtctl.client.bound_task.BoundTask",
}


def _to_rst(
    _app: Sphinx, what: str, _name: str, _object: object, _options: object, lines: list[str]
) -> None:
    """Convert a docstring in Markdown to the reStructuredText that autodoc reads."""
    text = "\n".join(lines)
    text = re.sub(r"```(\w+)\n(.*?)```", _code_block, text, flags=re.DOTALL)
    text = _EXAMPLE.sub(r"\1\n\n.. code-block:: python\n\n", text)
    text = re.sub(r"(?<![`\w:])`([^`\n]+)`(?![`_])", r"``\1``", text)
    lines[:] = _SEE.sub(_link, text).split("\n")
    if what in ("property", "attribute"):
        lines[:0] = ["..", ""]  # a comment, as napoleon takes a first line with a colon for a type


def _link(found: re.Match[str]) -> str:
    owner, name = found[1], found[2]
    shown = _SHOWN_AS.get(owner, f"rtctl.{owner}")
    return f"The same as :py:meth:`{shown.rpartition('.')[2]}.{name} <{shown}.{name}>`"


def _code_block(found: re.Match[str]) -> str:
    body = "\n".join(f"   {line}" for line in found[2].splitlines())
    return f".. code-block:: {found[1]}\n\n{body}\n"


#: Modules from which no user imports: the site names what they hold without them.
_INTERNAL = ("rtd.session.", "rtd.common.", "rtd.language.", "rtctl.client.")


def _hide_internal_modules(_app: Sphinx, doctree: nodes.document) -> None:
    """Take the names of internal modules out of the headings of classes and functions."""
    for name in list(doctree.findall(addnodes.desc_addname)):
        if name.astext().startswith(_INTERNAL):
            name.parent.remove(name)


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the listeners with Sphinx."""
    app.connect("autodoc-process-docstring", _to_rst, priority=100)
    app.connect("doctree-read", _hide_internal_modules)
    rtd.App.__name__ = "App"  # else autodoc would call it another name of `Session`
    return {"parallel_read_safe": True}
