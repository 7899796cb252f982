"""The verbs on tasks that start by conditions."""

from typing import Final

from rtd.protocol.run_verbs import ID, REASON
from rtd.protocol.schema import Field, Verb

_TASK: Final = Field("task", "str", "its name")
_TASKS: Final = (
    Field("tasks", "list[str]", "their names", []),
    Field("all", "bool", "instead: the whole schedule; each task keeps its own setting", False),
)
_SWITCHED: Final = (Field("tasks", "list[SwitchRow]", "as they are now"),)

TASKS: Final = Verb(
    name="tasks",
    summary="list the tasks of the app",
    completes="task",
    doc="List the tasks of the app and their parameters.",
    params=(Field("task", "str | None", "only this one", None),),
    result=(
        Field("app", "str | None", "where they come from"),
        Field("app_error", "str | None", "why the app does not import"),
        Field("tasks", "list[TaskRow]", "by name"),
    ),
    example=(
        {},
        {"app": "shop.jobs:session", "app_error": None,
         "tasks": [{"name": "report", "lane": "process", "takes": "day", "...": "..."}]},
    ),
)  # fmt: skip

NEXT: Final = Verb(
    name="next",
    summary="show when tasks start next",
    completes="task",
    doc="Return when tasks start next, if only time passes and each run ends at once.",
    params=(
        Field("task", "str | None", "only this one", None),
        Field("n", "int", "how many starts, 1 to 1000", 10),
        Field("each", "int | None", "at most so many of one task, if there are several", None),
    ),
    result=(
        Field("starts", "list[StartRow]", "the earliest first"),
        Field("waiting", "int", "tasks with a condition that only an event can make true"),
        Field("waiters", "list[str]", "these tasks, by name"),
        Field("behind", "list[str]", "tasks that wait for the end of a run of their own, by name"),
    ),
    example=(
        {"task": "report", "n": 1},
        {
            "starts": [{"task": "report", "at": 1769846400.0, "timezone": "Europe/Helsinki"}],
            "waiting": 0,
            "waiters": [],
            "behind": [],
        },
    ),
)

WHY: Final = Verb(
    name="why",
    summary="explain why a task starts or does not",
    completes="task",
    doc="Explain why a task starts or does not: its condition with the fact behind each part, all "
    "else that holds it, and when it can start.",
    params=(_TASK,),
    result=(
        Field("task", "str", "its name"),
        Field("condition", "str | None", "under which it starts"),
        Field("end_condition", "str | None", "under which its runs are ended"),
        Field("value", "bool", "the condition is true now"),
        Field("tree", "dict[str, Any] | None", "value, text, fact, next_change, children"),
        Field("holds", "list[Hold]", "what else keeps it from starting"),
        Field("next_at", "float | None", "when it starts next as far as time alone decides"),
        Field("next_text", "str", "the same as a sentence"),
        Field("timezone", "str", "of the times of its condition"),
        Field("last_failure", "Row | None", "its latest run that ended without success"),
        Field("last_miss", "MissRow | None", "the latest due moment at which it did not just "
              "start in time"),
    ),
    example=(
        {"task": "report"},
        {"task": "report", "condition": "daily after 08:00", "end_condition": None,
         "value": False,
         "tree": {"value": False, "text": "daily after 08:00",
                  "fact": "the last run of this task ended ...",
                  "next_change": "2026-02-01T08:00:00+02:00", "children": []},
         "holds": [], "next_at": 1769846400.0, "next_text": "it starts 2026-02-01 08:00:00 EET",
         "timezone": "Europe/Helsinki", "last_failure": None, "last_miss": None},
    ),
)  # fmt: skip

MISSES: Final = Verb(
    name="misses",
    summary="list scheduled starts that were late, skipped or missed, and why",
    completes="task",
    doc="List scheduled starts that were late, skipped or missed, and why; the latest first.",
    params=(
        Field("task", "str | None", "only this one's", None),
        Field("since", "float | None", "only those due since, epoch seconds", None),
        Field("until", "float | None", "only those due until then, epoch seconds", None),
        Field("limit", "int", "how many at most", 100),
    ),
    result=(Field("misses", "list[MissRow]", "at most `limit`"),),
    example=(
        {"limit": 1},
        {"misses": [{"task": "report", "due_at": 1769846400.0, "verdict": "missed", "run": None,
                     "reason": "rtd was not running; catch_up is 'none'",
                     "timezone": "Europe/Helsinki"}]},
    ),
)  # fmt: skip

ENABLE: Final = Verb(
    name="enable",
    changes=True,
    summary="schedule tasks again",
    completes="task",
    doc="Schedule tasks again, by their conditions.",
    params=_TASKS,
    result=_SWITCHED,
    example=({"tasks": ["report"]}, {"tasks": [{"task": "report", "enabled": True}]}),
)

DISABLE: Final = Verb(
    name="disable",
    changes=True,
    summary="stop scheduling tasks; they can still be submitted",
    completes="task",
    doc="Stop scheduling tasks, also after a restart. Current runs continue, and the tasks can be "
    "submitted.",
    params=(*_TASKS, REASON),
    result=_SWITCHED,
    example=({"tasks": ["report"]}, {"tasks": [{"task": "report", "enabled": False}]}),
)

TRIGGER: Final = Verb(
    name="trigger",
    changes=True,
    summary="start a task now, without regard to its condition",
    completes="task_call",
    doc="Start a task now, without regard to its condition. Refused while a run of the task is "
    "going, unless its runs may overlap or it has no start condition.",
    repeatable=False,
    params=(_TASK, Field("params", "dict[str, Any]", "the parameters of the run", {})),
    result=(Field("id", "str", "of the run"),),
    example=({"task": "report"}, {"id": ID}),
)

GRAPH: Final = Verb(
    name="graph",
    summary="which task waits for which: as a tree, for mermaid, as SVG",
    completes="task",
    doc="Return which task waits for which: by conditions, and by results that are parameters.",
    params=(Field("task", "str | None", "only tasks that lead to it or that it leads to", None),),
    result=(
        Field("nodes", "list[GraphNode]", "the tasks, by name; then those that do not exist"),
        Field("edges", "list[GraphEdge]", "by the names of their ends"),
    ),
    example=(
        {"task": None},
        {"nodes": [{"task": "fetch", "missing": False, "lane": "process", "...": "..."}],
         "edges": [{"source": "fetch", "target": "report", "kind": "after",
                    "text": "succeeded"}]},
    ),
)  # fmt: skip
