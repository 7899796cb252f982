"""The kinds of tasks; Red Engine's names."""

from rtd.session.tasks.code_task import CodeTask
from rtd.session.tasks.command_task import CommandTask
from rtd.session.tasks.func_task import FuncTask

__all__ = ["CodeTask", "CommandTask", "FuncTask"]
