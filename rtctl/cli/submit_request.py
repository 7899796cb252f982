"""The flags of `submit` and `run`, and the request that they make."""

from __future__ import annotations

import math
import os

from rtctl.cli.flags import Flag, UsageError
from rtctl.generated.run_options import POLICIES
from rtd.common.errors import UnknownTask
from rtd.common.ids import new_id

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from rtctl.cli.context import CommandContext
    from rtctl.cli.flags import Args
    from rtctl.generated.answers import SubmitResult

#: The kind and the metavar of a policy's flag, by the kind of the policy; none: allowed words.
_FLAG_KINDS = {
    "text": ("text", ""),
    "int": ("int", "N"),
    "share": ("number", "SHARE"),
    "duration": ("text", "DURATION"),
    "size": ("text", "SIZE"),
    "names": ("text", "NAME"),
}
_SHORT = {"queue": "-Q/"}


def _policy_flag(name: str, kind: str, doc: str) -> Flag:
    flag_kind, metavar = _FLAG_KINDS.get(kind, (kind, kind))
    names = f"{_SHORT.get(name, '')}--{name.replace('_', '-')}"
    return Flag(names, doc, flag_kind, metavar or name.upper(), many=kind == "names")


#: A flag for each policy. Values are sent as they are; the daemon reads them.
OPTION_FLAGS = tuple(_policy_flag(*policy) for policy in POLICIES)
START_FLAGS = (
    Flag("--in", "start after this time (`90s`, `2h`)", "text", "DURATION"),
    Flag("--at", "start at this time (`08:00`, `2026-01-31 08:00`)", "text", "TIME"),
    Flag("--key/--id", "your own name for the run: one run for each key", "text", "KEY"),
    Flag("--label", "a word of your own, shown by ls", "text", "WORD", many=True),
    Flag("--header", "a text that the run carries", "text", "NAME=VALUE", many=True),
)
COMMAND_FLAGS = (
    Flag("--cwd", "command: its working directory (default: this one)", "text", "DIR"),
    Flag(
        "--env", "command: a variable, beside those of the daemon", "text", "NAME=VALUE", many=True
    ),
    Flag("--user", "command: the user that it runs as", "text", "USER"),
    Flag("--umask", "command: its umask, octal", "text", "MODE"),
    Flag("--stdin", "command: read the standard input of rtctl"),
)
SUBMIT_FLAGS = (*OPTION_FLAGS, *START_FLAGS, *COMMAND_FLAGS)


def build_request(context: CommandContext) -> dict[str, Any]:
    """Return the parameters of the submit request.

    Raises:
        UsageError: no task, a word that is no parameter, a flag that does not apply.
    """
    args = context.args
    if args.tail is not None:
        if args.targets:
            raise UsageError(
                f"{context.verb}: a task ({args.targets[0]!r}) or `-- COMMAND`, not both"
            )
        task, params = "command", _command(context, args)
    else:
        task, *words = context.targets(1, what="TASK")
        try:
            params = parse_parameters(context.verb, words)
        except UsageError as error:
            error.sentence += _as_command(context)
            raise
        _refuse_command_flags(context.verb, args)
    key = args.id
    if key == "":
        raise UsageError(f"{context.verb}: --key: an empty text is no key")
    return {
        "task": task,
        "params": params,
        "ids": None if key else [new_id()],
        "key": key,
        "options": _options(context.verb, args),
    }


def submit(context: CommandContext) -> SubmitResult:
    """Queue the run that the command line describes."""
    return send(context, build_request(context))


def send(context: CommandContext, request: dict[str, Any]) -> SubmitResult:
    """Send the request. Raises UnknownTask, which says how the word is run as a command."""
    try:
        return context.rpc.submit(**request)
    except UnknownTask as error:
        error.sentence += _as_command(context)
        raise


def _as_command(context: CommandContext) -> str:
    from rtctl.core.other_verbs import as_command  # lazy: only for a mistake

    return as_command(context.verb, context.args.targets)


def _options(verb: str, args: Args) -> dict[str, Any]:
    found = {flag.dest: getattr(args, flag.dest) for flag in OPTION_FLAGS}
    options = {name: value for name, value in found.items() if value not in (None, [])}
    if args.label:
        options["labels"] = args.label
    if args.header:
        options["headers"] = _headers(verb, args.header)
    if getattr(args, "in") is not None:
        options["delay"] = getattr(args, "in")
    if args.at is not None:
        from rtctl.cli.parse_time import parse_flag, parse_when  # lazy: it needs datetime and re

        options["at"] = parse_flag(verb, "--at", args.at, parse_when)
    return options


def _headers(verb: str, words: Sequence[str]) -> dict[str, str]:
    """Return the headers of `NAME=VALUE` words. Raises UsageError, also for a name given twice."""
    found: dict[str, str] = {}
    for word in words:
        name, equals, value = word.partition("=")
        if not name or not equals:
            raise UsageError(f"{verb}: --header: {word!r} is no NAME=VALUE")
        if name in found:
            raise UsageError(f"{verb}: the header {name!r} is given twice")
        found[name] = value
    return found


def parse_parameters(verb: str, words: Sequence[str]) -> dict[str, Any]:
    """Return the parameters that the words give. Raises UsageError, also for a name given twice."""
    found: dict[str, Any] = {}
    for word in words:
        name, value = parse_parameter(verb, word)
        if name in found:
            raise UsageError(f"{verb}: the parameter {name!r} is given twice")
        found[name] = value
    return found


def parse_parameter(verb: str, word: str) -> tuple[str, Any]:
    """Split `name=text` or `name:=JSON` into name and value. Raises UsageError."""
    name, equals, value = word.partition("=")
    if not equals or not name.rstrip(":"):
        raise UsageError(f"{verb}: {word!r} is no parameter; write name=text or name:=JSON")
    if not name.endswith(":"):
        return name, value
    import json  # lazy: only `:=` needs it

    try:
        return name[:-1], json.loads(value, parse_constant=_finite, parse_float=_finite)
    except ValueError as error:
        raise UsageError(f"{verb}: {name[:-1]}: {value!r} is no JSON: {error}") from None


def _finite(text: str) -> float:
    """Return a number of JSON. Raises ValueError for infinity and NaN."""
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"{text} is no finite number")
    return number


def _directory(verb: str, cwd: str | None) -> str:
    """Return the whole path of a command's working directory; by default rtctl's own."""
    try:
        return os.path.abspath(cwd or ".")
    except FileNotFoundError:
        raise UsageError(
            f"{verb}: the working directory was deleted; name one: --cwd /full/path"
        ) from None


def _command(context: CommandContext, args: Args) -> dict[str, Any]:
    verb = context.verb
    if not args.tail:
        raise UsageError(f"{verb}: no command after `--`")
    params: dict[str, Any] = {"argv": args.tail, "cwd": _directory(verb, args.cwd)}
    if args.env:
        params["env"] = dict(_variable(verb, word) for word in args.env)
    if args.user is not None:
        params["user"] = args.user
    if args.umask is not None:
        params["umask"] = _umask(verb, args.umask)
    if args.stdin:
        from rtctl.cli.command_input import read_input  # lazy: few commands get an input

        params["stdin"] = read_input(context)
    return params


def _variable(verb: str, word: str) -> tuple[str, str]:
    name, equals, value = word.partition("=")
    if not name:
        raise UsageError(f"{verb}: --env: no name before `=`; write NAME=VALUE")
    if not equals:
        # As `docker run --env NAME`: the value that it has here.
        if name not in os.environ:
            raise UsageError(f"{verb}: --env {name}: it has no value here; write NAME=VALUE")
        value = os.environ[name]
    return name, value


def _umask(verb: str, text: str) -> int:
    from rtd.common.units import parse_umask  # lazy: it needs re and datetime

    try:
        return parse_umask(text)
    except ValueError as error:
        raise UsageError(f"{verb}: --umask: {error}") from None


def _refuse_command_flags(verb: str, args: Args) -> None:
    for flag in COMMAND_FLAGS:
        if getattr(args, flag.dest) not in (None, [], False):
            raise UsageError(f"{verb}: {flag.names[0]} is for commands: `... -- COMMAND`")
