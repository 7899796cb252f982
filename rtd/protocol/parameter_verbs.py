"""The verbs on the parameters that tasks get besides those of a submit."""

from typing import Final

from rtd.protocol.schema import Field, Shape, Verb

_NAME: Final = Field("name", "str", "of the parameter")
_TASK: Final = Field("task", "str | None", "the task that it belongs to; null: the session", None)
_ROW: Final = (Field("param", "ParamRow", "as it is now"),)
_EXAMPLE: Final = {
    "name": "region", "task": None, "kind": "value", "value": "north", "known": True,
    "private": False, "is_set": False, "note": "",
}  # fmt: skip

PARAM: Final = Shape(
    "ParamRow",
    "A parameter of the session or of a task.",
    (
        Field("name", "str", "as tasks name it"),
        Field("task", "str | None", "the task that it belongs to; null: the session"),
        Field("kind", "str", "what the app declared: value, function, return, arg or env"),
        Field("value", "Any", "the value, where it is known before a run; `******` if private"),
        Field("known", "bool", "`value` is the value"),
        Field("private", "bool", "the value is never shown"),
        Field("is_set", "bool", "set at run time, in place of what the app declared"),
        Field("note", "str", "where the value comes from, if it is not a plain one"),
    ),
)

PARAMS_LS: Final = Verb(
    name="params_ls",
    summary="list, read and change the parameters of the app: ls, get, set, unset",
    aliases=("parameters", "param"),
    doc="List the parameters of the session and of its tasks.",
    params=(
        Field("task", "str | None", "only those that this task gets: its own, and those of "
              "the session that it names", None),
    ),
    result=(Field("params", "list[ParamRow]", "the session's first, by name"),),
    example=({"task": "report"}, {"params": [_EXAMPLE]}),
)  # fmt: skip

PARAMS_GET: Final = Verb(
    name="params_get",
    completes="parameter",
    doc="Return one parameter.",
    params=(_NAME, _TASK),
    result=_ROW,
    example=({"name": "region"}, {"param": _EXAMPLE}),
)

PARAMS_SET: Final = Verb(
    name="params_set",
    changes=True,
    completes="parameter_value",
    doc="Set a parameter that the app declares to another value, from the next run on. The value "
    "holds until `params_unset`, also after restarts.",
    params=(_NAME, Field("value", "Any", "the value"), _TASK),
    result=_ROW,
    example=({"name": "region", "value": "south"}, {"param": _EXAMPLE | {"value": "south",
             "is_set": True}}),
)  # fmt: skip

PARAMS_UNSET: Final = Verb(
    name="params_unset",
    changes=True,
    completes="parameter",
    doc="Undo `params_set`: the value that the app declares holds again.",
    params=(_NAME, _TASK),
    result=_ROW,
    example=({"name": "region"}, {"param": _EXAMPLE}),
)
