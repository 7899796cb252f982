"""What a parameter's value may be besides a plain one: `parameters={"day": Return("fetch")}`."""

from rtd.session.argument import Argument, Private, SimpleArg
from rtd.session.arguments import Arg, EnvArg, Return, SessionArg, TaskArg
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
