"""A module may move: its code does not depend on the folder that its file is in."""

import ast

from tests.helpers.source import ROOT, Module, modules, place

#: Where the package is on disk; every other module that needs files of rtd starts from there.
OWNER = "rtd.common.package_root"


def own_file_uses(module: Module) -> list[str]:
    """Where a module reads the path of its own file."""
    return [
        place(module, node.lineno)
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Name) and node.id in {"__file__", "__path__"}
    ]


def test_only_the_package_root_reads_where_it_is() -> None:
    wrong = [
        use for module in modules().values() if module.name != OWNER
        for use in own_file_uses(module)
    ]  # fmt: skip
    assert wrong == []


def test_the_rule_sees_a_module_that_counts_its_parents() -> None:
    text = "from pathlib import Path\n\nHERE = Path(__file__).parents[1]\n"
    module = Module("rtd.x", ROOT / "rtd" / "x.py", text, ast.parse(text))
    assert own_file_uses(module) == ["rtd/x.py:3"]
