"""Conditions about other tasks and the task's own past, as objects: `after_success("fetch")`.

A task is given by its name or by an object with a `name`. Raises ConditionError for anything
else.
"""

from __future__ import annotations

from rtd.language.core.errors import ConditionError
from rtd.language.core.evaluation import ME
from rtd.language.leaves.after import After, after
from rtd.language.leaves.has import Has
from rtd.language.leaves.running import TaskRunning
from rtd.language.text.quoted_names import HasName, task_name_of

TaskName = str | HasName


def _after(tasks: tuple[TaskName, ...], status: str, some: bool) -> After:
    if not tasks:
        raise ConditionError("after which tasks? give at least one name")
    return after(tuple(map(task_name_of, tasks)), status, some)


def after_success(*tasks: TaskName) -> After:
    """All of the tasks succeeded since the latest start of this task."""
    return _after(tasks, "succeeded", False)


def after_failure(*tasks: TaskName) -> After:
    """All of the tasks failed since the latest start of this task."""
    return _after(tasks, "failed", False)


def after_unsuccessful(*tasks: TaskName) -> After:
    """All of the tasks failed, timed out or were killed since the latest start of this task."""
    return _after(tasks, "unsuccessful", False)


def after_terminated(*tasks: TaskName) -> After:
    """All of the tasks were terminated since the latest start of this task."""
    return _after(tasks, "terminated", False)


def after_finish(*tasks: TaskName) -> After:
    """All of the tasks ended, in any way, since the latest start of this task."""
    return _after(tasks, "finished", False)


def after_any_success(*tasks: TaskName) -> After:
    """Any of the tasks succeeded since the latest start of this task."""
    return _after(tasks, "succeeded", True)


def after_any_failure(*tasks: TaskName) -> After:
    """Any of the tasks failed since the latest start of this task."""
    return _after(tasks, "failed", True)


def after_any_unsuccessful(*tasks: TaskName) -> After:
    """Any of the tasks ended without success since the latest start of this task."""
    return _after(tasks, "unsuccessful", True)


def after_any_terminated(*tasks: TaskName) -> After:
    """Any of the tasks was terminated since the latest start of this task."""
    return _after(tasks, "terminated", True)


def after_any_finish(*tasks: TaskName) -> After:
    """Any of the tasks ended, in any way, since the latest start of this task."""
    return _after(tasks, "finished", True)


def _has(task: TaskName | None, status: str) -> Has:
    return Has(ME if task is None else task_name_of(task), status)


def has_succeeded(task: TaskName | None = None) -> Has:
    """The task (None: this one) ever succeeded; continue with `.past(...)`, `.today`..."""
    return _has(task, "succeeded")


def has_failed(task: TaskName | None = None) -> Has:
    """The task (None: this one) ever failed."""
    return _has(task, "failed")


def has_been_unsuccessful(task: TaskName | None = None) -> Has:
    """The task (None: this one) ever ended without success: failed, timed out, killed."""
    return _has(task, "unsuccessful")


def has_terminated(task: TaskName | None = None) -> Has:
    """The task (None: this one) was ever terminated."""
    return _has(task, "terminated")


def has_started(task: TaskName | None = None) -> Has:
    """The task (None: this one) ever started."""
    return _has(task, "started")


def has_finished(task: TaskName | None = None) -> Has:
    """The task (None: this one) ever ended, in any way."""
    return _has(task, "finished")


def has_inacted(task: TaskName | None = None) -> Has:
    """A run of the task (None: this one) ever found nothing to do."""
    return _has(task, "inacted")


def task_running(task: TaskName) -> TaskRunning:
    """A run of the task is going."""
    return TaskRunning(task_name_of(task))
