"""Conditions: what may start a task, and what must end a run. The public module of `rtd.language`.

A pure library. `parse(text)` makes a `Condition`. A `View` has the facts that a condition reads:
now, the task, past runs, measured values:

    condition = parse("daily after 08:00 & after task 'fetch' succeeded")
    view = View(now, "report", history={"fetch": [("run", t1), ("success", t2)]})
    condition.check(view)         # True or False
    condition.next_change(view)   # when time alone may change the value; None: only an event can
    condition.explain(view)       # a tree with each leaf's value and the fact behind it

As objects: `daily.after("08:00") & after_success("fetch")`. `str(condition)` parses back.

For a scheduler: `decide` (value and next change in one call), `watches` and `depends` (the events
and tasks that can change the value), `polls` (what else can). For custom conditions: `Grammar`. An
app declares custom conditions with `FuncCond` and `TaskCond`; these load `rtd.session`.
"""

from typing import TYPE_CHECKING

from rtd.language.core.condition import All, AnyOf, Condition, Not, all_of, any_of, negate
from rtd.language.core.durations import format_span
from rtd.language.core.errors import ConditionError
from rtd.language.core.evaluation import ME, Decision, Poll
from rtd.language.core.explanation import Explanation
from rtd.language.core.leaf import Form, Leaf
from rtd.language.core.run_history import ACTIONS, History, HistoryLedger, Ledger
from rtd.language.core.view import Answer, Host, Sample, View, World
from rtd.language.grammar import GRAMMAR, Grammar
from rtd.language.leaves.custom import Custom
from rtd.language.parser import parse
from rtd.language.resource_conditions import (
    cpu_above,
    cpu_time_above,
    env_is,
    host_load_above,
    host_memory_above,
    memory_above,
    no_output_past,
    param_exists,
    param_is,
    running_past,
    scheduler_cycles,
    scheduler_run_over,
    scheduler_started,
)
from rtd.language.task_conditions import (
    after_any_failure,
    after_any_finish,
    after_any_success,
    after_any_terminated,
    after_any_unsuccessful,
    after_failure,
    after_finish,
    after_success,
    after_terminated,
    after_unsuccessful,
    has_been_unsuccessful,
    has_failed,
    has_finished,
    has_inacted,
    has_started,
    has_succeeded,
    has_terminated,
    task_running,
)
from rtd.language.time_conditions import (
    always,
    cron,
    daily,
    every,
    false,
    hourly,
    minutely,
    monthly,
    never,
    time_of_day,
    time_of_hour,
    time_of_minute,
    time_of_month,
    time_of_week,
    true,
    weekly,
)

if TYPE_CHECKING:
    from rtd.session.core.custom_conditions import FuncCond, TaskCond

__all__ = [
    "ACTIONS",
    "GRAMMAR",
    "ME",
    "All",
    "Answer",
    "AnyOf",
    "Condition",
    "ConditionError",
    "Custom",
    "Decision",
    "Explanation",
    "Form",
    "FuncCond",
    "Grammar",
    "History",
    "HistoryLedger",
    "Host",
    "Leaf",
    "Ledger",
    "Not",
    "Poll",
    "Sample",
    "TaskCond",
    "View",
    "World",
    "after_any_failure",
    "after_any_finish",
    "after_any_success",
    "after_any_terminated",
    "after_any_unsuccessful",
    "after_failure",
    "after_finish",
    "after_success",
    "after_terminated",
    "after_unsuccessful",
    "all_of",
    "always",
    "any_of",
    "cpu_above",
    "cpu_time_above",
    "cron",
    "daily",
    "env_is",
    "every",
    "false",
    "format_span",
    "has_been_unsuccessful",
    "has_failed",
    "has_finished",
    "has_inacted",
    "has_started",
    "has_succeeded",
    "has_terminated",
    "host_load_above",
    "host_memory_above",
    "hourly",
    "memory_above",
    "minutely",
    "monthly",
    "negate",
    "never",
    "no_output_past",
    "param_exists",
    "param_is",
    "parse",
    "running_past",
    "scheduler_cycles",
    "scheduler_run_over",
    "scheduler_started",
    "task_running",
    "time_of_day",
    "time_of_hour",
    "time_of_minute",
    "time_of_month",
    "time_of_week",
    "true",
    "weekly",
]


def __getattr__(name: str) -> object:
    if name in ("FuncCond", "TaskCond"):
        from rtd.session.core import custom_conditions  # lazy: the language itself needs no app

        return getattr(custom_conditions, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


del TYPE_CHECKING  # no name of this module but those in `__all__`
