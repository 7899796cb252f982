"""Parameters whose value is found right before a run: `parameters={"day": Return("fetch")}`."""

from rtd.session.parameters.argument import Argument as BaseArgument
from rtd.session.parameters.argument import Private, SimpleArg
from rtd.session.parameters.argument_kinds import Arg, EnvArg, Return
from rtd.session.parameters.argument_kinds import SessionArg as Session
from rtd.session.parameters.argument_kinds import TaskArg as Task
from rtd.session.parameters.cause import Cause, PrecedingRun
from rtd.session.parameters.func_arg import FuncArg

__all__ = [
    "Arg",
    "BaseArgument",
    "Cause",
    "EnvArg",
    "FuncArg",
    "PrecedingRun",
    "Private",
    "Return",
    "Session",
    "SimpleArg",
    "Task",
]
