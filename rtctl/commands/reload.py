"""`rtctl reload`"""

from __future__ import annotations

from rtctl.screen import clean

TYPE_CHECKING = False
if TYPE_CHECKING:
    from rtctl.context import Context

USAGE = "reload"
FLAGS = ()
MORE = """Imports the app anew. Runs that are going stay with the code they began with; new ones get
the new code. Waits until it serves and says which tasks are new, changed and gone. Exit code 1: it
does not import, and the app of before serves on; 8: it serves, but a part of it failed, such as a
file of a loader's."""
PARTLY_FAILED = 8


def run(context: Context) -> int:
    """Wait for it, and say what has changed."""
    context.targets(0, 0, "target")
    answer = context.rpc.reload()
    if context.is_json:
        context.json(answer)
    elif not context.quiet:
        count = answer["tasks"]
        context.screen.out(f"reloaded: {count:,} task{'' if count == 1 else 's'}")
        for word, names in (
            ("new", answer["added"]), ("changed", answer["changed"]), ("gone", answer["removed"])
        ):  # fmt: skip
            if names:
                context.screen.out(f"{word}: {clean(', '.join(names))}")
        for fault in answer["faults"]:
            context.screen.say(f"rtctl: {clean(fault)}")
    return PARTLY_FAILED if answer["faults"] else 0
