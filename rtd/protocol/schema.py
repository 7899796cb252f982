"""The form of a verb's declaration, and the check of a request against it.

Types are written as Python annotations (`str`, `list[str]`, `float | None`,
`dict[str, Any]`, `Any`, the name of a shape), so that the generator copies them.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Final, Literal

from rtd.common.did_you_mean import did_you_mean
from rtd.common.errors import BadRequest
from rtd.common.text_of import is_utf8, show_value


class Required:
    """Stands for the default of a parameter that has none."""

    def __repr__(self) -> str:
        return "required"


REQUIRED: Final = Required()
#: The length of a text that is a parameter itself; none of ours comes near it.
MAX_CHARS: Final = 4096
#: How long the daemon may take for an answer that it gives at once.
ANSWERS_WITHIN_S: Final = 60.0
#: What the shell can complete: `task_call` is a task and then its parameters, `live_run` a run
#: that is not over.
Completion = Literal[
    "", "run", "live_run", "queued_run", "task", "task_call", "queue", "parameter",
    "parameter_value",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Field:
    """A named value of a request or an answer. `default`, and `max_chars` for the length of a
    text, only matter in a request."""

    name: str
    type: str
    doc: str
    default: Any = REQUIRED
    max_chars: int = MAX_CHARS


@dataclass(frozen=True, slots=True)
class Shape:
    """A map with known keys: a `TypedDict` on the client's side."""

    name: str
    doc: str
    fields: tuple[Field, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Verb:
    """One method of the protocol, and what `rtctl` needs to know of it before any answer.

    Attributes:
        doc: what the verb does; for the client's methods and the protocol page.
        repeatable: sending it twice has the effect of sending it once, so a client may do
            so when the connection broke before the answer.
        changes: it changes runs, queues, parameters or the schedule: when the reply of Redis is
            lost, the client must know that it may be carried out.
        stream: the method of the notifications that come before the answer, if any, and
            their shape.
        example: the parameters and the result of one call.
        answers_within_s: how long a client waits for the answer; None: as long as it takes, or
            this much longer than the `timeout_s` of the request.
        summary: one line of `rtctl help`. Several verbs with one command: the first one has it.
        command: the words after `rtctl` that call the verb, if they are not those of its name;
            None: no command calls it.
        aliases: other words for the first word of the command.
        completes: what the shell offers behind the command.
    """

    name: str
    doc: str
    params: tuple[Field, ...] = ()
    result: tuple[Field, ...] = ()
    stream: tuple[str, str] | None = None
    repeatable: bool = True
    changes: bool = False
    example: tuple[Mapping[str, Any], Mapping[str, Any]]
    answers_within_s: float | None = ANSWERS_WITHIN_S
    summary: str = ""
    command: str | None = ""
    aliases: tuple[str, ...] = ()
    completes: Completion = ""

    @property
    def words(self) -> list[str]:
        """The words of the command: `["queue", "pause"]`; none: no command calls the verb."""
        return [] if self.command is None else (self.command or self.name.replace("_", " ")).split()


_TYPE_WORDS: Final = {
    "str": "a text",
    "int": "a whole number",
    "float": "a number",
    "bool": "true or false",
    "bytes": "bytes",
    "None": "nil",
    "dict[str, Any]": "a map",
}


def _is(*kinds: type) -> Callable[[Any], bool]:
    return lambda value: type(value) in kinds


#: What a list of many has, checked in C.
_MANY: Final[dict[str, frozenset[type]]] = {
    "str": frozenset({str}),
    "int": frozenset({int}),
    "float": frozenset({float, int}),
    "bytes": frozenset({bytes}),
}


def _is_map(value: Any) -> bool:
    return type(value) is dict and all(type(key) is str for key in value)


#: Kinds of values that may hold texts.
_TEXTS: Final = frozenset({str, list})
_PLAIN: Final[dict[str, Callable[[Any], bool]]] = {
    "str": _is(str),
    "int": _is(int),
    "float": _is(float, int),
    "bool": _is(bool),
    "bytes": _is(bytes),
    "None": lambda value: value is None,
    "Any": lambda value: True,
    "dict[str, Any]": _is_map,
}


def alternatives(kind: str) -> list[str]:
    """Return the parts of a type between its outermost `|`."""
    parts, depth, start = [], 0, 0
    for at, char in enumerate(kind):
        depth += (char == "[") - (char == "]")
        if char == "|" and depth == 0:
            parts.append(kind[start:at].strip())
            start = at + 1
    return [*parts, kind[start:].strip()]


def matches_type(kind: str, value: Any) -> bool:
    """Whether a value has a declared type. A shape is any map."""
    return _check_of(kind)(value)


@cache  # the types are those of the declarations; to read one takes longer than to check by it
def _check_of(kind: str) -> Callable[[Any], bool]:
    if kind in _PLAIN:
        return _PLAIN[kind]
    if len(parts := alternatives(kind)) > 1:
        checks = [_check_of(part) for part in parts]
        return lambda value: any(check(value) for check in checks)
    if not kind.startswith("list["):
        return _is_map
    inner = kind[5:-1]
    if inner in _MANY:
        allowed = _MANY[inner]
        return lambda value: type(value) is list and allowed.issuperset(map(type, value))
    check = _check_of(inner)
    return lambda value: type(value) is list and all(map(check, value))


def describe_type(kind: str) -> str:
    """Return the type in words, for errors."""
    if len(parts := alternatives(kind)) > 1:
        return " or ".join(describe_type(part) for part in parts)
    if kind.startswith("list["):
        return f"a list, each {describe_type(kind[5:-1])}"
    return _TYPE_WORDS.get(kind, "a map")


def check(verb: Verb, params: Mapping[str, Any]) -> dict[str, Any]:
    """Return the parameters of a request with the defaults filled in.

    Raises:
        BadRequest: names the parameter that is unknown, missing or of a wrong type, and
            what the verb takes.
    """
    filled: dict[str, Any] = {}
    for param in verb.params:
        if param.name not in params:
            if param.default is REQUIRED:
                kind = describe_type(param.type)
                raise BadRequest(f"{verb.name}: the parameter {param.name!r} ({kind}) is missing")
            empty = type(param.default) in (dict, list)
            filled[param.name] = param.default.copy() if empty else param.default
            continue
        value = params[param.name]
        if not matches_type(param.type, value):
            wanted = describe_type(param.type)
            raise BadRequest(
                f"{verb.name}: {param.name!r} must be {wanted}, not {show_value(value)}"
            )
        if type(value) in _TEXTS and param.type != "Any":  # a value of a user is stored as it is
            _check_texts(verb, param, value)
        filled[param.name] = value
    if len(filled) < len(params) or any(name not in filled for name in params):
        raise BadRequest(_unknown(verb, next(n for n in params if n not in filled)))
    return filled


def _check_texts(verb: Verb, param: Field, value: str | list[Any]) -> None:
    """Check a text, or those of a list. Raises BadRequest."""
    most = param.max_chars
    if type(value) is list and _are_plain(value, most):
        return
    for text in (value,) if type(value) is str else value:
        if type(text) is not str or (text.isascii() and len(text) <= most):
            continue
        if not is_utf8(text):
            raise BadRequest(f"{verb.name}: {param.name!r} is not UTF-8: {text!r:.80}")
        if len(text) > most:
            raise BadRequest(
                f"{verb.name}: {param.name!r} has {len(text):,} characters; at most {most:,} are"
                " taken"
            )


def _are_plain(values: list[Any], most: int) -> bool:
    """Whether no value can be a bad text, as far as C tells quickly: most lists are like that."""
    kinds = set(map(type, values))
    if str not in kinds:
        return True
    return len(kinds) == 1 and max(map(len, values)) <= most and all(map(str.isascii, values))


def _unknown(verb: Verb, name: str) -> str:
    known = [p.name for p in verb.params]
    hint = did_you_mean(name, known, f"it takes {', '.join(known) or 'nothing'}")
    return f"{verb.name}: unknown parameter {name!r:.60}{hint}"
