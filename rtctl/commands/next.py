"""`rtctl next`"""

from __future__ import annotations

from rtctl.flags import Flag
from rtctl.rows import moment
from rtctl.screen import ago, clean

TYPE_CHECKING = False
if TYPE_CHECKING:
    from rtctl.context import Context

USAGE = "next [TASK] [-n COUNT]"
FLAGS = (Flag("-n/--count", "so many starts (default 10)", "int", "COUNT"),)
MORE = """If nothing but time happens and each run ends at once. Tasks that wait for an event are
counted; `rtctl why TASK` says for which."""


def run(context: Context) -> int:
    """The coming starts."""
    targets = context.targets(0, 1, "TASK")
    count = 10 if context.args.count is None else context.args.count
    answer = context.rpc.next(task=targets[0] if targets else None, n=count)
    if context.is_json:
        context.json(answer, rows="starts")
    elif context.quiet:
        for start in answer["starts"]:
            context.screen.out(start["task"])
    else:
        rows = [(moment(s["at"]), ago(s["at"]), clean(s["task"])) for s in answer["starts"]]
        context.screen.table(("AT", "IN", "TASK"), rows)
        if targets and not rows:
            name = clean(targets[0])
            context.screen.say(f"rtctl: time alone does not start it; `rtctl why {name}` says why")
        elif answer["waiting"]:
            context.screen.say(f"rtctl: {answer['waiting']:,} more wait for an event")
    return 0
