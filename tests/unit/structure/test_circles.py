"""Nothing imports itself through others: no module and no folder, lazy and type-only imports too.

A folder is a directory: `rtd.session` holds the files beside `rtd.session.core`, not those in it.
"""

from fnmatch import fnmatch

from tests.helpers.source import cycles, folder_graph, import_graph
from tests.unit.structure.known import FOLDER_CIRCLES, MODULE_CIRCLES


def unknown(circles: list[list[str]], known: list[set[str]]) -> list[list[str]]:
    """The circles that do not lie within a known one."""
    return [
        circle
        for circle in circles
        if not any(
            all(any(fnmatch(name, pattern) for pattern in group) for name in circle)
            for group in known
        )
    ]


def told(circles: list[list[str]]) -> str:
    """Each circle on a line; pytest would shorten the lists."""
    return "\n".join("these import each other: " + ", ".join(circle) for circle in circles)


def test_no_module_is_loaded_in_a_circle() -> None:
    found = cycles(import_graph(for_order=True))
    assert not found, told(found)


def test_no_modules_import_each_other() -> None:
    found = unknown(cycles(import_graph()), MODULE_CIRCLES)
    assert not found, told(found)


def test_no_folders_import_each_other() -> None:
    found = unknown(cycles(folder_graph(import_graph())), FOLDER_CIRCLES)
    assert not found, told(found)


def test_the_rules_see_a_circle() -> None:
    assert cycles({"a": {"b"}, "b": {"c"}, "c": {"a"}, "d": {"a"}}) == [["a", "b", "c"]]
    assert cycles({"a": {"a"}, "b": set()}) == [["a"]]
    modules = {"p.x.one": {"p.y.two"}, "p.y.three": {"p.x.four"}, "p.y.two": set()}
    assert cycles(modules) == []
    assert cycles(folder_graph(modules)) == [["p.x", "p.y"]]
    assert unknown([["a", "b"], ["c", "d"]], [{"a", "b", "x"}, {"c"}]) == [["c", "d"]]
