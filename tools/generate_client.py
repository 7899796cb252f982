"""Writes what follows from the declared verbs: `python -m tools.generate_client [--check]`.

It writes `rtctl/generated/`: typed methods, plain and for asyncio (`verbs`, `async_verbs`, with
their bases in `task_verbs` and `async_task_verbs`) and the types of what they return (`shapes`,
`answers`); and the page `docs/reference/protocol.md`.
"""

import re
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from textwrap import fill, indent
from typing import Final

from rtd.common.package_root import PACKAGE_ROOT
from rtd.protocol.schema import REQUIRED, Field, Verb
from rtd.protocol.shapes import SHAPES
from rtd.protocol.verbs import RUN_VERBS, TASK_VERBS, VERBS
from tools import make_async
from tools.generate_protocol_page import MADE, page

ROOT: Final = Path(PACKAGE_ROOT).parent
_NAMES: Final = frozenset(shape.name for shape in SHAPES)


def _class_name(verb: Verb) -> str:
    return "".join(part.title() for part in verb.name.split("_")) + "Result"


def _signature(param: Field) -> str:
    if param.default is REQUIRED:
        return f"{param.name}: {param.type}"
    if isinstance(param.default, dict | list):
        return f"{param.name}: {param.type} | None = None"
    return f"{param.name}: {param.type} = {param.default!r}"


def _argument(param: Field) -> str:
    empty = " or {}" if isinstance(param.default, dict) else ""
    empty = " or []" if isinstance(param.default, list) else empty
    return f'"{param.name}": {param.name}{empty}'


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
    arguments = "{" + ", ".join(_argument(p) for p in verb.params) + "}"
    start = ", ".join(["self", "*", *names] if names else ["self"])
    doc = f'"""See `rtctl.generated.verbs.Verbs.{verb.name}`."""'
    repeat = "" if verb.repeatable else ", repeatable=False"
    if verb.stream is not None:
        kind = (
            f"{'AsyncStream' if asynchronous else 'Stream'}[{verb.stream[1]}, {_class_name(verb)}]"
        )
        head = f"def {verb.name}({start}) -> {kind}:"
        body = f'return self._stream("{verb.name}", {arguments})'
    else:
        wait = "await " if asynchronous else ""
        head = f"{'async ' if asynchronous else ''}def {verb.name}({start}) -> {_class_name(verb)}:"
        body = (
            f'answer: {_class_name(verb)} = {wait}self._call("{verb.name}", {arguments}{repeat})\n'
            "return answer"
        )
    return head + "\n" + indent((doc if asynchronous else _doc(verb)) + "\n" + body, "    ")


def _class(head: str, doc: str, methods: Iterable[str]) -> str:
    body = "\n\n".join([f'"""{doc}"""', *methods])
    return f"class {head}:\n" + indent(body, "    ")


def verbs_source(asynchronous: bool) -> str:
    """The text of `verbs.py` or `async_verbs.py`, before it is formatted."""
    prefix = "Async" if asynchronous else ""
    doc = "The same for asyncio." if asynchronous else "Each verb as it is on the wire."
    # The greeting is the connection's own business.
    methods = [_method(v, asynchronous) for v in RUN_VERBS if v.name != "hello"]
    code = _class(f"{prefix}Verbs({prefix}TaskVerbs)", doc, methods)
    module = f"{'async_' if asynchronous else ''}task_verbs"
    base = f"from rtctl.generated.{module} import {prefix}TaskVerbs"
    return _verbs_file("The verbs of the protocol as methods.", base, code, prefix)


def task_verbs_source(asynchronous: bool) -> str:
    """The text of `task_verbs.py` or `async_task_verbs.py`, before it is formatted."""
    prefix = "Async" if asynchronous else ""
    start = (
        f"def __init__(self, call: {prefix}Call, stream: {prefix}OpenStream) -> None:\n"
        "    self._call = call\n    self._stream = stream"
    )
    methods = [start, *(_method(v, asynchronous) for v in TASK_VERBS)]
    code = _class(f"{prefix}TaskVerbs", "The verbs on tasks.", methods)
    return _verbs_file("The verbs on tasks as methods.", "", code, prefix)


def _verbs_file(doc: str, base: str, code: str, prefix: str) -> str:
    answers = [name for v in VERBS.values() if re.search(rf"\b{(name := _class_name(v))}\b", code)]
    calls = [f"{prefix}{name}" for name in ("Call", "OpenStream", "Stream")]
    calls = [name for name in calls if re.search(rf"\b{name}\b", code)]
    shapes = [name for name in sorted(_NAMES) if re.search(rf"\b{name}\b", code)]
    imports = [
        f"    from rtctl.generated.answers import {', '.join(sorted(answers))}",
        f"    from rtctl.core.call_protocols import {', '.join(calls)}" if calls else "",
        f"    from rtctl.generated.shapes import {', '.join(shapes)}" if shapes else "",
    ]
    return "\n".join(
        [
            f'"""{doc}\n\n{MADE}\n"""',
            "from __future__ import annotations",
            "",
            *([base, ""] if base else []),
            "TYPE_CHECKING = False",
            "if TYPE_CHECKING:",
            *(["    from typing import Any", ""] if re.search(r"\bAny\b", code) else []),
            *(line for line in imports if line),
            "",
            code,
            "",
        ]
    )


def _typed_dict(name: str, doc: str, fields: Iterable[Field], total: bool) -> str:
    lines = [f'"""{doc}"""', ""]
    for param in fields:
        lines += [f"{param.name}: {param.type}", f'"""{param.doc[0].upper()}{param.doc[1:]}."""']
    head = f"class {name}(TypedDict{'' if total else ', total=False'}):\n"
    return head + indent("\n".join(lines), "    ")


def shapes_source() -> str:
    """The text of `rtctl/generated/shapes.py`, before it is formatted."""
    parts = [_typed_dict(s.name, s.doc, s.fields, s.name != "SubmitOptions") for s in SHAPES]
    head = f'"""The maps that several answers share.\n\n{MADE}\n"""\n'
    return head + "\nfrom typing import Any, TypedDict\n\n" + "\n\n".join(parts) + "\n"


def answers_source() -> str:
    """The text of `rtctl/generated/answers.py`, before it is formatted."""
    parts = [
        _typed_dict(_class_name(v), f"The answer of `{v.name}`.", v.result, True)
        for v in VERBS.values()
        if v.name != "hello"
    ]
    body = "\n\n".join(parts)
    shapes = [name for name in sorted(_NAMES) if re.search(rf"\b{name}\b", body)]
    head = f'"""What each verb answers.\n\n{MADE}\n"""\n'
    return (
        f"{head}\nfrom typing import Any, TypedDict\n\n"
        f"from rtctl.generated.shapes import {', '.join(shapes)}\n\n{body}\n"
    )


def _formatted(path: Path, source: str) -> str:
    """Return the source of a file as `ruff` sorts and formats it."""
    for words in (["check", "--select", "I", "--fix"], ["format"]):
        command = [sys.executable, "-m", "ruff", *words, "--quiet", "--stdin-filename", str(path)]
        done = subprocess.run(
            [*command, "-"], input=source, capture_output=True, text=True, check=True, cwd=ROOT
        )
        source = done.stdout
    return source


def outputs() -> dict[Path, str]:
    """Return every generated file and the text that it should hold."""
    generated, client = ROOT / "rtctl" / "generated", ROOT / "rtctl" / "client"
    sources = {
        generated / "verbs.py": verbs_source(asynchronous=False),
        generated / "async_verbs.py": verbs_source(asynchronous=True),
        generated / "task_verbs.py": task_verbs_source(asynchronous=False),
        generated / "async_task_verbs.py": task_verbs_source(asynchronous=True),
        generated / "shapes.py": shapes_source(),
        generated / "answers.py": answers_source(),
    }
    for name in make_async.MADE:
        made = f"Made by `python -m tools.generate_client` from `rtctl/client/{name}.py`."
        text = make_async.async_source(name, (client / f"{name}.py").read_text(), made)
        sources[ROOT / "rtctl" / "aio" / f"{name}.py"] = text
    files = {path: _formatted(path, source) for path, source in sources.items()}
    return {**files, ROOT / "docs/reference/protocol.md": page()}


def main(arguments: list[str]) -> int:
    """Write the files, or with `--check` say which are not current."""
    wanted = outputs()
    stale = [p for p, text in wanted.items() if not p.exists() or p.read_text() != text]
    for path in stale:
        if "--check" in arguments:
            print(f"{path.relative_to(ROOT)} is not current: run python -m tools.generate_client")
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(wanted[path])
        print(f"wrote {path.relative_to(ROOT)}")
    return 1 if stale and "--check" in arguments else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
