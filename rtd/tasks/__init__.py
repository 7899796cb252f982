"""The kinds of tasks, under Red Engine's names. Our own code imports them from `rtd.session`."""

from rtd.session.tasks.code_task import CodeTask
from rtd.session.tasks.command_task import CommandTask
from rtd.session.tasks.func_task import FuncTask

__all__ = ["CodeTask", "CommandTask", "FuncTask"]
