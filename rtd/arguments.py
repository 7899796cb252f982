"""Parameters whose value is found right before a run: `parameters={"day": Return("fetch")}`."""

from rtd.session.parameters.argument import Argument, Private, SimpleArg
from rtd.session.parameters.argument_kinds import Arg, EnvArg, Return, SessionArg, TaskArg
from rtd.session.parameters.func_arg import FuncArg

#: Red Engine's names.
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
