"""The kinds of tasks; Red Engine's names."""

from rtd.session.code_task import CodeTask
from rtd.session.command_task import CommandTask
from rtd.session.func_task import FuncTask

__all__ = ["CodeTask", "CommandTask", "FuncTask"]
