"""Finds the run that a user names: by a whole id, a few characters of one, or a key."""

import re
from typing import Final

from rtd.common.errors import AmbiguousRun, NoSuchRun
from rtd.common.ids import id_for_key, is_id
from rtd.store.commands.arguments import StoredRun
from rtd.store.commands.reads import RunLease, WaitingRun
from rtd.supervisor.core.context import SupervisorContext

#: A short form may name one of this many queued and this many ended runs.
RECENT: Final = 1000
SHORTEST: Final = 4
_SHORT: Final = re.compile(r"[0-9A-HJKMNP-TV-Z]{4,25}")


async def resolve_target(context: SupervisorContext, target: str) -> str:
    """Return the id of the run that a target names. A whole id is not looked up.

    Raises:
        NoSuchRun: nothing fits.
        AmbiguousRun: a short form fits several recent runs; the sentence lists some.
    """
    upper = target.upper()
    if is_id(upper):
        return upper
    key_id = id_for_key(target)
    if await context.execute(context.commands.get_record(key_id)) is not None:
        return key_id
    if _SHORT.fullmatch(upper) is None:
        raise NoSuchRun(f"no run has the key {target!r:.60}; {_hint(context, target)}")
    return await _recent(context, target, upper)


async def _recent(context: SupervisorContext, target: str, upper: str) -> str:
    calls = context.commands
    running: list[RunLease]
    waiting: list[WaitingRun]
    done: list[StoredRun]
    running, waiting, done = await context.redis.execute_all(
        calls.list_running(), calls.list_queued(RECENT), calls.list_done(RECENT)
    )
    ids = [r.id for r in running] + [w.id for w in waiting] + [d.id for d in done]
    found = {run_id for run_id in ids if run_id.startswith(upper) or run_id.endswith(upper)}
    if not found:
        hint = (
            "give the whole id" if target not in context.manifest.tasks else _hint(context, target)
        )
        raise NoSuchRun(f"no recent run's id starts or ends with {target!r}; {hint}")
    if len(found) > 1:
        some = ", ".join(sorted(found)[:5]) + (", ..." if len(found) > 5 else "")
        raise AmbiguousRun(f"{target!r} fits {len(found)} recent runs: {some}")
    return found.pop()


def _hint(context: SupervisorContext, target: str) -> str:
    if target in context.manifest.tasks:
        return f"it is a task, and `rtctl ls {target}` lists its runs"
    if target.startswith("@"):
        return f"`rtctl ls {target:.60}` lists the runs of that queue"
    return f"a run's id is a ULID, of which {SHORTEST} characters at its start or end may do"


def no_such_run(run_id: str) -> NoSuchRun:
    """Return the error for a whole id that Redis does not have (any more)."""
    return NoSuchRun(f"there is no run {run_id} (records are kept for the configured retention)")
