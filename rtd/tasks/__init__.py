"""The kinds of tasks; Red Engine's names."""

from rtd.session.func_task import FuncTask

__all__ = ["FuncTask"]
