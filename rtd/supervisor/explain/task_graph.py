"""The graph of the tasks of an app: which task waits for which."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from typing import Final, NamedTuple

from rtd.language.core.condition import All, AnyOf, Condition, Not
from rtd.language.leaves.after import After
from rtd.language.leaves.custom import Custom
from rtd.language.leaves.has import Has
from rtd.language.leaves.running import TaskRunning
from rtd.model.manifest import COMMAND, Manifest, TaskInfo

#: The kinds of edges from one task to another. The end of the first starts the second; the
#: condition of the second reads its state; its state ends runs of the second; its latest result
#: is a parameter of the second.
AFTER, ASKED, ENDS, GIVEN = "after", "asked", "ends", "given"
_KINDS: Final = (AFTER, ASKED, ENDS, GIVEN)

ParseCondition = Callable[[str], Condition]


class TaskEdge(NamedTuple):
    """An edge from one task to another: its kind, and a few words on the condition or parameter."""

    source: str
    target: str
    kind: str
    text: str


class TaskGraph(NamedTuple):
    """The tasks sorted by name, names that no task has, and the edges."""

    tasks: tuple[TaskInfo, ...]
    missing: tuple[str, ...]
    edges: tuple[TaskEdge, ...]


def graph_of(manifest: Manifest, edges: Iterable[TaskEdge], about: str | None = None) -> TaskGraph:
    """Return the graph of an app.

    Args:
        manifest: the tasks of the app.
        edges: see `edges_of`.
        about: only what leads to this task, or from it, over any number of others.

    Raises:
        UnknownTask: there is no task of that name.
    """
    found = sorted(set(edges), key=_order)
    names = {name for edge in found for name in (edge.source, edge.target)}
    names |= {i.name for i in manifest.tasks.values() if i.name != COMMAND and not i.hidden}
    if about is not None:
        names = _around(manifest.find(about).name, found)
    tasks = tuple(manifest.tasks[name] for name in sorted(names) if name in manifest.tasks)
    edges = tuple(edge for edge in found if edge.source in names and edge.target in names)
    return TaskGraph(tasks, tuple(sorted(names - manifest.tasks.keys())), edges)


def _order(edge: TaskEdge) -> tuple[str, str, int, str]:
    return edge.source, edge.target, _KINDS.index(edge.kind), edge.text


def edges_of(manifest: Manifest, parse_condition: ParseCondition) -> Iterator[tuple[TaskEdge, ...]]:
    """Yield the edges to each task, and last those of results. An edge may come twice.

    Args:
        manifest: the tasks of the app.
        parse_condition: parses a condition of the app.
    """
    for info in manifest.tasks.values():
        yield tuple(_waits(manifest, parse_condition, info))
    yield tuple(_given(manifest))


def _waits(
    manifest: Manifest, parse_condition: ParseCondition, info: TaskInfo
) -> Iterator[TaskEdge]:
    if info.schedule.start is not None and not info.hidden:
        for source, kind, text in _sources(manifest, parse_condition(info.schedule.start)):
            yield TaskEdge(source, info.name, kind, text)
    if info.schedule.end is not None and not info.hidden:
        for source, _, text in _sources(manifest, parse_condition(info.schedule.end)):
            yield TaskEdge(source, info.name, ENDS, f"ends it: {text}")


def _sources(
    manifest: Manifest, condition: Condition, negated: bool = False
) -> Iterator[tuple[str, str, str]]:
    """Yield (task, kind, text) of each task that a condition names."""
    if isinstance(condition, Not):
        yield from _sources(manifest, condition.part, not negated)
    elif isinstance(condition, All | AnyOf):
        for part in condition.parts:
            yield from _sources(manifest, part, negated)
    else:
        for source, kind, text in _of_leaf(manifest, condition):
            yield source, ASKED if negated else kind, f"not {text}" if negated else text


def _of_leaf(manifest: Manifest, leaf: Condition) -> Iterator[tuple[str, str, str]]:
    if isinstance(leaf, After):
        for task in leaf.tasks:
            yield task, AFTER, f"any {leaf.status}" if leaf.some else leaf.status
    elif isinstance(leaf, Has) and leaf.task:
        yield leaf.task, ASKED, str(leaf).partition(" has ")[2]
    elif isinstance(leaf, TaskRunning):
        yield leaf.task, ASKED, "running"
    elif isinstance(leaf, Custom):
        custom = manifest.info.custom.get(leaf.text)
        if custom is not None and custom.task is not None:
            yield custom.task, ASKED, leaf.text


def _given(manifest: Manifest) -> Iterator[TaskEdge]:
    """Yield the edges of results that are parameters, of a task or of the session."""
    own: dict[str, set[str]] = defaultdict(set)
    for parameter in manifest.info.parameters:
        if parameter.task is not None:
            own[parameter.task].add(parameter.name)
            for source in parameter.results:
                yield TaskEdge(source, parameter.task, GIVEN, f"result as {parameter.name}")
    for parameter in manifest.info.parameters:
        if parameter.task is not None or not parameter.results:
            continue
        for info in manifest.tasks.values():
            if parameter.name in info.filled and parameter.name not in own[info.name]:
                for source in parameter.results:
                    yield TaskEdge(source, info.name, GIVEN, f"result as {parameter.name}")


def _around(name: str, edges: Iterable[TaskEdge]) -> set[str]:
    """Return a task, all tasks that lead to it, and all that it leads to."""
    before: dict[str, set[str]] = defaultdict(set)
    behind: dict[str, set[str]] = defaultdict(set)
    for edge in edges:
        before[edge.target].add(edge.source)
        behind[edge.source].add(edge.target)
    return _reached(name, before) | _reached(name, behind)


def _reached(name: str, steps: dict[str, set[str]]) -> set[str]:
    found, todo = {name}, [name]
    while todo:
        new = steps.get(todo.pop(), set()) - found
        found |= new
        todo += new
    return found
