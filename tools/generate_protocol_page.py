"""The reference page of the protocol, from the declared verbs."""

import json
import re
from collections.abc import Iterable
from typing import Final

from rtd.common.errors import BY_CODE, EXIT_CODE
from rtd.config.config import SizeLimits
from rtd.protocol import frames
from rtd.protocol.large_frames import MAX_VALUES
from rtd.protocol.schema import MAX_CHARS, REQUIRED, Field, Verb, describe_type
from rtd.protocol.shapes import SHAPES
from rtd.protocol.verbs import VERBS

MADE: Final = "Made by `python -m tools.generate_client` from what `rtd/protocol` declares."
_NAMES: Final = [shape.name for shape in SHAPES]


def _table(fields: Iterable[Field], defaults: bool) -> str:
    rows = ["| name | type | default | |", "|---|---|---|---|"] if defaults else [
        "| name | type | |", "|---|---|---|"
    ]  # fmt: skip
    for p in fields:
        kind = p.type.strip("[]") if p.type in _NAMES else describe_type(p.type)
        named = next((n for n in _NAMES if re.search(rf"\b{n}\b", p.type)), None)
        kind = f"{kind} ([{named}](#{named.lower()}))" if named else kind
        default = "" if p.default is REQUIRED else f"`{json.dumps(p.default)}`"
        cells = [f"`{p.name}`", kind, *([default] if defaults else []), p.doc]
        rows.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return "\n".join(rows)


def _page_of(verb: Verb) -> str:
    parts = [f"### {verb.name}", verb.doc]
    if verb.params:
        parts.append(_table(verb.params, defaults=True))
    if verb.stream is not None:
        method, shape = verb.stream
        parts.append(
            f"Before the answer: `{method}` notifications, each a [{shape}](#{shape.lower()})."
        )
    if verb.result:
        parts += ["The answer:", _table(verb.result, defaults=False)]
    if not verb.repeatable:
        parts.append("Not to be sent again when the connection broke before the answer.")
    asked, answered = (json.dumps(side) for side in verb.example)
    parts.append(f'```text\n[0, 7, "{verb.name}", [{asked}]]\n[1, 7, null, {answered}]\n```')
    return "\n\n".join(parts)


_INTRO: Final = f"""# The protocol

<!-- {MADE} -->

rtd listens on a Unix stream socket (`rtd.sock` in its runtime directory, mode 0660) and speaks
[MessagePack-RPC](https://github.com/msgpack-rpc/msgpack-rpc/blob/master/spec.md), version
{frames.VERSION}:

- a request is `[0, id, verb, [parameters]]`, where parameters is one map and id is 1 or more;
- its answer is `[1, id, error, result]`; error is null or `[code, sentence, details]`;
- a streamed answer comes as notifications `[2, method, [map]]` whose `sub` is the id of the
  request; the answer follows the last one, and closing the connection ends it sooner.

The first request is `hello`; others may follow at once without waiting for its answer. Requests
on one connection may be answered in any order. A frame is at most {frames.LIMIT_BYTES >> 20} MiB
unless the daemon is configured otherwise (`limits.frame`), and holds at most
{MAX_VALUES:,} values, those inside others included; a text or bytes beyond 31 bytes count as three.
A request names, or submits, at most {SizeLimits().targets:,} runs, tasks or queues
(`limits.targets`), and so many runs may all requests of one connection name that go on. A text
that is a parameter itself has at most {MAX_CHARS:,} characters. What is no frame is answered with
an error of id 0, and the connection is closed.

Texts are UTF-8; only values of users may hold other bytes. Times are epoch seconds, durations
seconds.
Values of users may hold these extension types: 1 datetime, 2 date, 3 time (ISO 8601 text),
4 timedelta ([days, seconds, microseconds]), 5 UUID (16 bytes), 6 Decimal (text), 7 path (text),
8 set, 9 frozenset, 10 tuple (MessagePack of the list), 11 an integer beyond 64 bits (text),
12 a datetime and 13 a time in a zone or an hour that comes twice (MessagePack of [ISO 8601 text,
fold, key of the zone, name of the offset]), 14 bytearray (its bytes).
"""


def page() -> str:
    """Return the text of `docs/reference/protocol.md`."""
    errors = "\n".join(
        f"| `{code}` | {EXIT_CODE.get(code, 1)} | {_first_words(BY_CODE[code].__doc__)} |"
        for code in sorted(BY_CODE)
    )
    parts = [_INTRO, "## Verbs", *(_page_of(verb) for verb in VERBS.values()), "## Shapes"]
    parts += [f"### {s.name}\n\n{s.doc}\n\n{_table(s.fields, defaults=False)}" for s in SHAPES]
    parts.append(f"## Errors\n\n| code | exit code of rtctl | |\n|---|---|---|\n{errors}")
    return "\n\n".join(part.strip() for part in parts) + "\n"


def _first_words(doc: str | None) -> str:
    """Return the first paragraph, on one line."""
    return " ".join((doc or "").strip().partition("\n\n")[0].split())
