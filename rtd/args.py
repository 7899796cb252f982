"""The short name of `rtd.arguments`."""

from rtd.arguments import (
    Arg,
    BaseArgument,
    EnvArg,
    FuncArg,
    Private,
    Return,
    Session,
    SimpleArg,
    Task,
)

__all__ = [
    "Arg",
    "BaseArgument",
    "EnvArg",
    "FuncArg",
    "Private",
    "Return",
    "Session",
    "SimpleArg",
    "Task",
]
