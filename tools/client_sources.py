"""The text of the client's generated modules, from the declared verbs and policies."""

import re
from collections.abc import Iterable
from textwrap import fill, indent
from typing import Final

from rtd.model.policies import POLICY_OPTIONS
from rtd.protocol.schema import ANSWERS_WITHIN_S, REQUIRED, Field, Verb
from rtd.protocol.shapes import SHAPES, SUBMIT_OPTIONS
from rtd.protocol.verbs import VERBS
from tools.generate_protocol_page import MADE

_MADE_OF_POLICIES: Final = MADE.replace("rtd/protocol", "rtd/model/policies.py")
_NAMES: Final = frozenset(shape.name for shape in SHAPES)


def _class_name(verb: Verb) -> str:
    return "".join(part.title() for part in verb.name.split("_")) + "Result"


def _signature(param: Field) -> str:
    if param.default is REQUIRED:
        return f"{param.name}: {param.type}"
    if isinstance(param.default, dict | list):
        return f"{param.name}: {param.type} | None = None"
    return f"{param.name}: {param.type} = {param.default!r}"


def _request(verb: Verb) -> tuple[str, str]:
    """Return the lines that make the request, and its name or itself.

    An optional parameter is in it only if it was given: a daemon of an earlier version does not
    know the parameters of later ones, and refuses them.
    """
    needed = [f'"{p.name}": {p.name}' for p in verb.params if p.default is REQUIRED]
    optional = [param for param in verb.params if param.default is not REQUIRED]
    whole = f"{{{', '.join(needed)}}}"
    if not optional:
        return "", whole
    lines = [f"request: dict[str, Any] = {whole}"]
    for param in optional:
        lines += [f"if {_was_given(param)}:", f'    request["{param.name}"] = {param.name}']
    return "\n".join(lines) + "\n", "request"


def _was_given(param: Field) -> str:
    if param.default is None:
        return f"{param.name} is not None"
    if not isinstance(param.default, bool) and param.default:
        return f"{param.name} != {param.default!r}"
    return f"not {param.name}" if param.default else param.name


def _doc(verb: Verb) -> str:
    lines = [fill(verb.doc, 88)]
    if verb.params:
        lines += ["", "Args:"]
        lines += [
            indent(fill(f"{p.name}: {p.doc}.", 84, subsequent_indent="    "), "    ")
            for p in verb.params
        ]
    text = "\n".join(lines)
    return f'"""{text}\n"""' if verb.params else f'"""{text}"""'


def _method(verb: Verb, asynchronous: bool) -> str:
    names = [_signature(p) for p in verb.params]
    lines, request = _request(verb)
    start = ", ".join(["self", "*", *names] if names else ["self"])
    doc = f'"""See `rtctl.generated.verbs.Verbs.{verb.name}`."""'
    repeat = "" if verb.repeatable else ", repeatable=False"
    if verb.stream is not None:
        kind = (
            f"{'AsyncStream' if asynchronous else 'Stream'}[{verb.stream[1]}, {_class_name(verb)}]"
        )
        head = f"def {verb.name}({start}) -> {kind}:"
        body = f'{lines}return self._stream("{verb.name}", {request})'
    else:
        wait = "await " if asynchronous else ""
        head = f"{'async ' if asynchronous else ''}def {verb.name}({start}) -> {_class_name(verb)}:"
        body = (
            f"{lines}answer: {_class_name(verb)} = "
            f'{wait}self._call("{verb.name}", {request}{repeat})\nreturn answer'
        )
    return head + "\n" + indent((doc if asynchronous else _doc(verb)) + "\n" + body, "    ")


def _class(head: str, doc: str, methods: Iterable[str]) -> str:
    body = "\n\n".join([f'"""{doc}"""', *methods])
    return f"class {head}:\n" + indent(body, "    ")


def verbs_source(asynchronous: bool) -> str:
    """Return the text of `verbs.py` or `async_verbs.py`, before it is formatted."""
    prefix = "Async" if asynchronous else ""
    start = (
        f"def __init__(self, call: {prefix}Call, stream: {prefix}OpenStream) -> None:\n"
        "    self._call = call\n    self._stream = stream"
    )
    # The connection itself sends the greeting.
    methods = [start, *(_method(v, asynchronous) for v in VERBS.values() if v.name != "hello")]
    doc = "The same for asyncio." if asynchronous else "Each verb of the protocol as a method."
    code = _class(f"{prefix}Verbs", doc, methods)
    answers = [name for v in VERBS.values() if re.search(rf"\b{(name := _class_name(v))}\b", code)]
    calls = [f"{prefix}{name}" for name in ("Call", "OpenStream", "Stream")]
    shapes = [name for name in sorted(_NAMES) if re.search(rf"\b{name}\b", code)]
    return "\n".join(
        [
            f'"""The verbs of the protocol as methods.\n\n{MADE}\n"""',
            "from __future__ import annotations",
            "TYPE_CHECKING = False",
            "if TYPE_CHECKING:",
            "    from typing import Any",
            f"    from rtctl.core.call_protocols import {', '.join(calls)}",
            f"    from rtctl.generated.answers import {', '.join(sorted(answers))}",
            f"    from rtctl.generated.shapes import {', '.join(shapes)}",
            "",
            code,
            "",
        ]
    )


def verb_table_source() -> str:
    """Return the text of `verb_table.py`, before it is formatted."""
    commands: dict[str, tuple[str, str]] = {}
    groups: dict[str, dict[str, str]] = {}
    for verb in VERBS.values():
        match verb.words:
            case [command]:
                if verb.summary or command not in commands:
                    commands[command] = (verb.summary, verb.completes)
            case [command, word]:
                commands.setdefault(command, (verb.summary, ""))
                groups.setdefault(command, {})[word] = verb.completes
    tables = {
        "COMMANDS: dict[str, tuple[str, str]]": commands,
        "SUBCOMMANDS: dict[str, dict[str, str]]": groups,
        "ALIASES: dict[str, str]": {
            alias: v.words[0] for v in VERBS.values() for alias in v.aliases
        },
        "ANSWERS_WITHIN_S: dict[str, float | None]": {
            v.name: v.answers_within_s
            for v in VERBS.values()
            if v.answers_within_s != ANSWERS_WITHIN_S
        },
    }
    docs = {
        "COMMANDS": "Commands in the order of the help: a summary, and what the shell completes.",
        "SUBCOMMANDS": "Commands with a second word, and what the shell completes behind that.",
        "ALIASES": "Other words for a command.",
        "ANSWERS_WITHIN_S": "Verbs whose answer may take longer than others', in seconds; "
        "None: any time.",
    }
    parts = [f'"""Facts of the verbs that rtctl needs before any answer.\n\n{MADE}\n"""']
    parts += ["from __future__ import annotations\n"]
    for head, value in tables.items():
        parts.append(f"#: {docs[head.partition(':')[0]]}\n{head} = {value!r}")
    return "\n".join(parts) + "\n"


def _typed_dict(name: str, doc: str, fields: Iterable[Field], total: bool) -> str:
    lines = [f'"""{doc}"""', ""]
    for param in fields:
        lines += [f"{param.name}: {param.type}", f'"""{param.doc[0].upper()}{param.doc[1:]}."""']
    head = f"class {name}(TypedDict{'' if total else ', total=False'}):\n"
    return head + indent("\n".join(lines), "    ")


def shapes_source() -> str:
    """Return the text of `rtctl/generated/shapes.py`, before it is formatted."""
    parts = [_typed_dict(s.name, s.doc, s.fields, s.name != "SubmitOptions") for s in SHAPES]
    head = f'"""The maps that several answers share.\n\n{MADE}\n"""\n'
    return head + "\nfrom typing import Any, TypedDict\n\n" + "\n\n".join(parts) + "\n"


def answers_source() -> str:
    """Return the text of `rtctl/generated/answers.py`, before it is formatted."""
    parts = [
        _typed_dict(_class_name(v), f"The answer of `{v.name}`.", v.result, True)
        for v in VERBS.values()
        if v.name != "hello"
    ]
    body = "\n\n".join(parts)
    shapes = [name for name in sorted(_NAMES) if re.search(rf"\b{name}\b", body)]
    head = f'"""The answer of each verb.\n\n{MADE}\n"""\n'
    return (
        f"{head}\nfrom typing import Any, TypedDict\n\n"
        f"from rtctl.generated.shapes import {', '.join(shapes)}\n\n{body}\n"
    )


#: What a user of the library may give for each kind of policy; allowed words are texts.
_USER_TYPES: Final = {
    "text": "str",
    "int": "int",
    "share": "float",
    "duration": "Duration",
    "size": "str | int",
    "names": "Any",
}
#: The options of a submit beside the policies.
_OTHER_OPTIONS: Final = {
    "key": "str", "id": "str", "at": "datetime | float | None", "delay": "Duration | None",
    "labels": "list[str]", "headers": "Mapping[str, str]",
}  # fmt: skip


def run_options_source() -> str:
    """Return the text of `run_options.py`, before it is formatted."""
    types = {}
    for name, policy in POLICY_OPTIONS.items():
        plain = policy.kind.removesuffix(" | None")
        types[name] = _USER_TYPES.get(plain, "str") + policy.kind[len(plain) :]
    types |= _OTHER_OPTIONS
    if missing := {field.name for field in SUBMIT_OPTIONS} - set(types):
        raise SystemExit(f"tools/generate_client.py: no type for the options {sorted(missing)}")
    doc = """The options of `Client.task(name, ...)` and `.options(...)`.

    Durations are seconds, texts such as `"10m"`, or timedeltas; sizes are bytes or texts such
    as `"512M"`. `key` is your own name of the run: the same key again is the
    same run; `id` means the same.
    """
    members = "\n".join(f"{name}: {kind}" for name, kind in types.items())
    flags = tuple((n, p.kind.removesuffix(" | None"), p.doc) for n, p in POLICY_OPTIONS.items())
    return "\n".join(
        [
            f'"""The options of a submit.\n\n{_MADE_OF_POLICIES}\n"""',
            "from __future__ import annotations",
            "TYPE_CHECKING = False",
            "if TYPE_CHECKING:",
            "    from collections.abc import Mapping",
            "    from datetime import datetime, timedelta",
            "    from typing import Any, TypedDict",
            "    Duration = str | float | timedelta",
            indent(f'class RunOptions(TypedDict, total=False):\n    """{doc}"""', "    "),
            indent(members, "        "),
            "#: Every policy: name, kind (see `rtd.model.policies.PolicyOption`) and help.",
            f"POLICIES: tuple[tuple[str, str, str], ...] = {flags!r}",
            "",
        ]
    )
