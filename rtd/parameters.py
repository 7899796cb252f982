"""Parameters of a session: `@FuncParam()` above a function, or `session.parameters["day"] = 1`."""

from rtd.session.parameters.parameters import FuncParam, Parameters

__all__ = ["FuncParam", "Parameters"]
