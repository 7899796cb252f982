"""The graph of the tasks, and the three forms of drawing it."""

import random
import time
import xml.etree.ElementTree as ET
from collections.abc import Mapping
from itertools import chain
from typing import Any

import pytest

from rtctl.cli.graph import mermaid, svg, tree
from rtctl.cli.graph.layers import Layout
from rtd.common.errors import UnknownTask
from rtd.conditions import parse
from rtd.model.app_info import AppInfo, CustomConditionInfo, ParameterInfo
from rtd.model.manifest import Manifest, TaskInfo
from rtd.model.schedule import Schedule
from rtd.supervisor.explain.task_graph import ParseCondition, TaskGraph, edges_of, graph_of

SVG = "{http://www.w3.org/2000/svg}"
PIPELINE = {
    "get_data": None,
    "transform_data": "after task 'get_data' succeeded",
    "store_data": "after task 'transform_data' & ~task 'get_data' is running",
    "report_errors": "after task 'get_data' failed",
}


def manifest(conditions: Mapping[str, str | None], info: AppInfo | None = None) -> Manifest:
    tasks = [TaskInfo(n, schedule=Schedule(start=text)) for n, text in conditions.items()]
    return Manifest.of("app", tasks, info)


def graph(tasks: Manifest, about: str | None = None, read: ParseCondition = parse) -> TaskGraph:
    return graph_of(tasks, chain.from_iterable(edges_of(tasks, read)), about)


def answer(
    conditions: Mapping[str, str | None], about: str | None = None, info: AppInfo | None = None
) -> Any:
    """Return a graph as the daemon answers."""
    found = graph(manifest(conditions, info), about)
    known = {"missing": False, "lane": "process", "end_condition": None, "doc": ""}
    nodes = [{"task": i.name, "condition": i.schedule.start, **known} for i in found.tasks]
    nodes += [{**known, "task": n, "condition": None, "missing": True} for n in found.missing]
    return {"nodes": nodes, "edges": [edge._asdict() for edge in found.edges]}


def edges(conditions: Mapping[str, str | None], **more: Any) -> list[tuple[str, str, str, str]]:
    return [tuple(edge.values()) for edge in answer(conditions, **more)["edges"]]


def test_each_part_of_a_condition_that_names_a_task_is_a_line() -> None:
    assert edges(PIPELINE) == [
        ("get_data", "report_errors", "after", "failed"),
        ("get_data", "store_data", "asked", "not running"),
        ("get_data", "transform_data", "after", "succeeded"),
        ("transform_data", "store_data", "after", "succeeded"),
    ]
    both = "task 'a' has failed today | after any tasks 'a', 'c' finished"
    assert edges({"a": None, "b": both}) == [
        ("a", "b", "after", "any finished"),
        ("a", "b", "asked", "failed today"),
        ("c", "b", "after", "any finished"),
    ]


def test_an_end_condition_is_a_line_of_its_own_kind() -> None:
    task = TaskInfo("b", schedule=Schedule(end="task 'a' has failed"))
    found = graph(Manifest.of("app", [task, TaskInfo("a")]))
    assert [tuple(edge) for edge in found.edges] == [("a", "b", "ends", "ends it: failed")]


def test_results_that_are_parameters_and_tasks_that_are_conditions() -> None:
    info = AppInfo(
        parameters=(
            ParameterInfo("data", "b", "return", None, False, results=["a"]),
            ParameterInfo("data", None, "return", None, False, results=["c"]),
        )
    )
    tasks = [TaskInfo("a"), TaskInfo("b", filled=("data",)), TaskInfo("d", filled=("data",))]
    found = graph(Manifest.of("app", tasks, info))
    assert [tuple(edge) for edge in found.edges] == [
        ("a", "b", "given", "result as data"),
        ("c", "d", "given", "result as data"),
    ]
    assert found.missing == ("c",)


def test_a_custom_condition_that_is_a_task() -> None:
    from rtd.conditions import Custom

    info = AppInfo(custom={"it is ready": CustomConditionInfo("is_ready", {}, task="is_ready")})
    tasks = manifest({"a": "it is ready", "is_ready": None}, info)
    found = graph(tasks, read=lambda text: Custom("is_ready", text))
    assert [tuple(edge) for edge in found.edges] == [("is_ready", "a", "asked", "it is ready")]


def test_about_one_task_only_what_leads_to_it_and_from_it() -> None:
    names = [node["task"] for node in answer(PIPELINE, about="transform_data")["nodes"]]
    assert names == ["get_data", "store_data", "transform_data"]
    with pytest.raises(UnknownTask, match="get_data"):
        answer(PIPELINE, about="getdata")


def test_rtds_own_tasks_are_not_drawn() -> None:
    found = graph(Manifest.of("app", [TaskInfo("@cycle", hidden=True)]))
    assert (found.tasks, found.missing, found.edges) == ((), (), ())


def test_the_tree_draws_each_task_out_once() -> None:
    assert tree.draw(answer({**PIPELINE, "alone": "daily"})).splitlines() == [
        "get_data",
        "├─ failed → report_errors",
        "├─ not running → store_data",
        "└─ succeeded → transform_data",
        "   └─ succeeded → store_data",
        "alone  [daily]",
    ]
    circle = {"a": "after task 'b'", "b": "after task 'a'", "c": "after task 'nope'"}
    assert tree.draw(answer(circle), is_ascii=True).splitlines() == [
        "nope (there is no such task)",
        "`- succeeded -> c",
        "a  [after task 'b']",
        "`- succeeded -> b",
        "   `- succeeded -> a (above)",
    ]


def test_a_deep_chain_is_drawn() -> None:
    chain = {f"t{at}": f"after task 't{at - 1}'" if at else None for at in range(3000)}
    found = answer(chain)
    assert len(tree.draw(found).splitlines()) == 3000
    ET.fromstring(svg.draw(found))


def test_mermaid_quotes_what_it_would_read_itself() -> None:
    text = mermaid.draw(answer({'say "hi" [now]': None, "b": "after task 'say \"hi\" [now]'"}))
    assert text.splitlines() == [
        "flowchart LR",
        '    t0["b"]',
        '    t1["say #quot;hi#quot; [now]"]',
        '    t1 -->|"succeeded"| t0',
    ]


@pytest.mark.parametrize("seed", range(5))
def test_the_picture_of_100_tasks_is_xml_in_which_no_box_covers_another(seed: int) -> None:
    chosen = random.Random(seed)
    names = [f'task <{at}> & "co"' for at in range(100)]
    conditions: dict[str, str | None] = {}
    for at, name in enumerate(names):
        before = names[max(at - 12, 0) : at + 2]  # two may come before themselves: circles
        parts = [f"after task '{chosen.choice(before)}'" for _ in range(chosen.randint(0, 3))]
        conditions[name] = " & ".join(parts) or None
    begun = time.process_time()
    root = ET.fromstring(svg.draw(answer(conditions)))
    assert time.process_time() - begun < 10
    boxes = [{k: float(v) for k, v in rect.attrib.items()} for rect in root.iter(f"{SVG}rect")]
    assert len(boxes) == 100
    width, height = float(root.attrib["width"]), float(root.attrib["height"])
    for at, box in enumerate(boxes):
        assert 0 <= box["x"] <= box["x"] + box["width"] <= width
        assert 0 <= box["y"] <= box["y"] + box["height"] <= height
        for other in boxes[:at]:
            apart_x = abs(box["x"] + box["width"] / 2 - other["x"] - other["width"] / 2)
            apart_y = abs(box["y"] - other["y"])
            assert apart_x >= (box["width"] + other["width"]) / 2 or apart_y >= box["height"]


def test_lines_lead_from_left_to_right() -> None:
    lines = [(3, 0), (0, 1), (1, 2), (0, 2), (2, 0)]
    layout = Layout(4, lines)
    column = {box: at for at, spots in enumerate(layout.columns) for box in spots}
    assert layout.turned == {4}
    assert [column[box] for box in range(4)] == [1, 2, 3, 0]
    assert [len(spots) for spots in layout.passes] == [2, 2, 2, 3, 3]


def test_a_control_character_in_a_name_does_not_break_the_picture() -> None:
    ET.fromstring(svg.draw(answer({"bell\a": None, "b": "after task 'bell\a'"})))
