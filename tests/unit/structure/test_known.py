"""The known exceptions are exceptions still: an entry goes in the change that makes it needless."""

from fnmatch import fnmatch

from tests.helpers.prose import passages
from tests.helpers.source import cycles, folder_graph, import_graph
from tests.unit.structure import known
from tests.unit.structure.test_layers import core_imports
from tests.unit.structure.test_names import hand_written, repeated
from tests.unit.structure.test_prose import complaints
from tests.unit.structure.test_references import exists
from tests.unit.structure.test_sizes import long_files, ours


def gone(groups: list[set[str]], circles: list[list[str]]) -> list[list[str]]:
    """The known groups of which some pattern fits no module in a circle."""
    found = {name for circle in circles for name in circle}
    return [
        sorted(group)
        for group in groups
        if not all(any(fnmatch(name, pattern) for name in found) for pattern in group)
    ]


def test_known_circles_are_circles() -> None:
    assert gone(known.MODULE_CIRCLES, cycles(import_graph())) == []
    assert gone(known.FOLDER_CIRCLES, cycles(folder_graph(import_graph()))) == []


def test_known_imports_sizes_and_names_are_there() -> None:
    assert known.CORE_IMPORTS - core_imports(import_graph()) == set()
    assert known.LONG_FILES - long_files(ours()) == set()
    assert known.SAME_CLASS_NAMES - repeated(hand_written()).keys() == set()
    assert {name for name in known.WRONG_REFERENCES if exists(name)} == set()


def test_known_prose_is_counted_exactly() -> None:
    counts = {folder: len(wrong) for folder, wrong in complaints(passages()).items()}
    assert {folder: counts.get(folder, 0) for folder in known.PROSE} == known.PROSE
    assert 0 not in known.PROSE.values()


def test_the_rule_sees_an_entry_that_is_needless() -> None:
    assert gone([{"a", "b"}, {"c.*"}], [["a", "b"]]) == [["c.*"]]
    assert gone([{"a", "b"}], [["a", "c"]]) == [["a", "b"]]
