"""What a parameter's value may be besides a plain one: `parameters={"day": Return("fetch")}`."""

from rtd.session.arguments import (
    Arg,
    Argument,
    EnvArg,
    Private,
    Return,
    SessionArg,
    SimpleArg,
    TaskArg,
)
from rtd.session.functions import FuncArg

BaseArgument = Argument
Session = SessionArg
Task = TaskArg

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
