"""`rtctl complete`: what may stand at the end of a line; the shells' scripts ask this."""

from __future__ import annotations

from rtctl.cli.context import GLOBAL
from rtctl.commands import ALIASES, SUMMARIES
from rtd.common.errors import RtdError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from rtctl.cli.context import CommandContext

USAGE = "complete -- [WORD ...]"
FLAGS = ()
MORE = ""
TAKES_TAIL = True

_RUNS = frozenset({"show", "logs", "wait", "result", "kill", "cancel", "retry"})
_TASKS = frozenset(
    {
        "submit",
        "run",
        "tasks",
        "ls",
        "next",
        "why",
        "misses",
        "enable",
        "disable",
        "trigger",
        "graph",
        "tasklog",
    }
)
_LIVING = {"kill": ["queued", "running"], "cancel": ["queued"], "wait": ["queued", "running"]}


def run(context: CommandContext) -> int:
    """Candidates for the last word, one a line. Silent when the daemon is not there."""
    words = context.args.tail or [""]
    try:
        found = list(candidates(context, words[:-1], words[-1]))
    except RtdError:
        found = []
    for word in sorted({word for word in found if word.startswith(words[-1])}):
        context.screen.print_out(word)
    return 0


def candidates(context: CommandContext, before: list[str], last: str) -> Iterable[str]:
    """What the last word could become, given those before it."""
    if "--" in before:
        return []
    verbs = [word for word in before if not word.startswith("-")]
    if not verbs:
        return [*(name for name, doc in SUMMARIES.items() if doc), *ALIASES]
    verb = ALIASES.get(verbs[0], verbs[0])
    if verb not in SUMMARIES:
        return []
    if last.startswith("-"):
        from rtctl.main import load_verb  # lazy: command imports us through the registry

        flags = (*GLOBAL, *load_verb(verb).FLAGS)
        return [name for flag in flags for name in flag.names if name.startswith("--")]
    if verb in _RUNS:
        rows = context.rpc.ls(state=_LIVING.get(verb, []), limit=30)["runs"]
        return [row["id"] for row in rows]
    return _names(context, verb, verbs[1:])


def _names(context: CommandContext, verb: str, targets: list[str]) -> Iterable[str]:
    if verb in _TASKS:
        tasks = context.rpc.tasks()["tasks"]
        if verb in ("submit", "run", "trigger") and targets:
            mine = [task for task in tasks if task["name"] == targets[0]]
            return [f"{name}=" for task in mine for name, _ in task["parameters"]]
        return [task["name"] for task in tasks]
    if verb == "queue":
        if not targets:
            return ["ls", "pause", "resume", "purge"]
        return [queue["queue"] for queue in context.rpc.queue_ls()["queues"]]
    if verb == "params":
        if not targets:
            return ["ls", "get", "set", "unset"]
        names = [row["name"] for row in context.rpc.params_ls()["params"]]
        return [f"{name}=" for name in names] if targets[0] == "set" else names
    if verb == "help":
        return [name for name, doc in SUMMARIES.items() if doc]
    return ["bash", "zsh", "fish"] if verb == "completion" else []
