"""What a parameter's value may be besides a plain one: `parameters={"day": Return("fetch")}`."""

from rtd.session.parameters.argument import Argument, Private, SimpleArg
from rtd.session.parameters.argument_kinds import Arg, EnvArg, Return, SessionArg, TaskArg
from rtd.session.parameters.func_arg import FuncArg

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
