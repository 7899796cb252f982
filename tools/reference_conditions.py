"""The reference of the condition language, from its leaves."""

import inspect
from collections.abc import Iterable, Iterator

from rtd.conditions import Leaf, Poll, parse
from rtd.language.core.durations import UNITS as SPANS
from rtd.language.leaves import LEAVES
from rtd.language.leaves.has import STATUSES, Has
from rtd.language.text.amounts import UNITS as SIZES
from rtd.language.time.limits import EXAMPLES
from rtd.language.time.points_in_cycle import Cycle
from tools.markdown_text import table

#: The kinds of changes that a leaf depends on, in words.
CHANGED_BY = {
    Poll.TIME: "time",
    Poll.SCHEDULER: "the scheduler",
    Poll.SAMPLE: "measurements of the run",
    Poll.HOST: "measurements of the host",
    Poll.CUSTOM: "the app",
    Poll.PARAMS: "parameters and variables",
}
#: The leaves under the heading where a reader would look for them.
GROUPS = {
    "Time": {"Periodic", "TimeOf", "Every", "Cron"},
    "Tasks": {"Has", "After", "TaskRunning"},
    "The scheduler, parameters, constants": {
        "SchedulerUptime", "SchedulerCycles", "Param", "Env", "Constant",
    },
    "A run, for end conditions": {
        "RunningPast", "NoOutputPast", "MemoryAbove", "CpuTimeAbove", "CpuAbove",
    },
    "The host": {"HostMemoryAbove", "HostLoadAbove"},
}  # fmt: skip


def forms(leaf: type[Leaf]) -> Iterator[str]:
    """Yield the ways to write a leaf; for `has` only those with the status `succeeded`."""
    for form in leaf.forms:
        for example in form.examples:
            if leaf is not Has or "has succeeded" in example:
                yield example


def leaf_lines(leaf: type[Leaf]) -> Iterator[str]:
    """Yield the section of a leaf: its forms, its meaning, the changes that it depends on."""
    yield "```text"
    yield from forms(leaf)
    yield "```\n"
    yield f"{inspect.getdoc(leaf)}\n"
    if leaf is Has:
        words = ", ".join(f"`{status}`" for status in STATUSES)
        yield f"Instead of `succeeded` also: {words}.\n"
    one = parse(leaf.forms[0].examples[0])
    changes = [CHANGED_BY[poll] for poll in Poll if poll in one.polls()]
    if one.watches():
        changes.append("runs")
    if changes:
        yield f"Changed by: {', '.join(changes)}.\n"


def leaves() -> Iterable[str]:
    """Yield all leaves of the language, by group; a leaf without a group is an error."""
    grouped = set[str]().union(*GROUPS.values())
    missing = [leaf.__name__ for leaf in LEAVES if leaf.__name__ not in grouped]
    if missing:
        raise ValueError(f"leaves without a group in {__name__}: {', '.join(missing)}")
    for title, names in GROUPS.items():
        yield f"### {title}\n"
        for leaf in LEAVES:
            if leaf.__name__ in names:
                yield from leaf_lines(leaf)


def cycles() -> Iterable[str]:
    """Yield the cycles with the values of time that a limit of each takes."""
    rows = (
        (
            f"`{cycle.adverb}`",
            f"`{cycle.current}`",
            f"`time of {cycle.value}`",
            ", ".join(f"`{example}`" for example in EXAMPLES[cycle]),
        )
        for cycle in Cycle
    )
    return table(("once in each", "the current one", "its time", "values"), rows)


def units() -> Iterable[str]:
    """Yield the units of spans and of sizes."""
    yield f"Spans: {', '.join(f'`{unit}`' for unit in SPANS)}.\n"
    yield f"Sizes: {', '.join(f'`{unit}`' for unit in SIZES)}."
