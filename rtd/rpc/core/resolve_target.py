"""Finds the runs that a user names: by a whole id, a few characters of one, or a key."""

import asyncio
import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from rtd.common.errors import AmbiguousRun, NoSuchRun, RtdError
from rtd.common.ids import id_for_key, is_id
from rtd.supervisor.core.context import SupervisorContext

#: A short form may name one of this many queued and this many ended runs.
RECENT: Final = 1000
SHORTEST: Final = 4
#: Targets whose form is checked, and keys that are read, in one turn.
CHUNK: Final = 200
_SHORT: Final = re.compile(r"[0-9A-HJKMNP-TV-Z]{4,25}")
#: Beyond every character of an id.
_LAST: Final = "~"


class IdIndex:
    """Run ids, to be found by how they start or end, each in a few steps."""

    def __init__(self, ids: Iterable[str]) -> None:
        known = set(ids)
        self._forward = sorted(known)
        self._backward = sorted(run_id[::-1] for run_id in known)

    def find(self, part: str) -> set[str]:
        """Return the ids that start or end with this text."""
        starts = _with_prefix(self._forward, part)
        ends = _with_prefix(self._backward, part[::-1])
        return {*starts, *(found[::-1] for found in ends)}


def _with_prefix(ordered: Sequence[str], prefix: str) -> Sequence[str]:
    return ordered[bisect_left(ordered, prefix) : bisect_left(ordered, prefix + _LAST)]


async def resolve_target(context: SupervisorContext, target: str) -> str:
    """Return the id of the run that a target names. A whole id is not looked up.

    Raises:
        NoSuchRun: nothing fits.
        AmbiguousRun: a short form fits several recent runs; the sentence lists some.
    """
    (found,) = await resolve_targets(context, [target])
    if isinstance(found, RtdError):
        raise found
    return found


async def resolve_targets(
    context: SupervisorContext, targets: Sequence[str]
) -> list[str | RtdError]:
    """Return for each target the id of the run that it names, or the error of `resolve_target`.

    However many short forms there are, the recent runs are read once.
    """
    found: dict[str, str | RtdError] = {}
    for chunk in _chunks(targets):
        found |= {one: one.upper() for one in chunk if is_id(one.upper())}
        await asyncio.sleep(0)  # other clients get their turn
    found |= await _find_keys(context, [one for one in dict.fromkeys(targets) if one not in found])
    short = [one for one in dict.fromkeys(targets) if one not in found]
    index: IdIndex | None = None
    for count, target in enumerate(short):
        if count % CHUNK == CHUNK - 1:
            await asyncio.sleep(0)
        if _SHORT.fullmatch(target.upper()) is None:
            sentence = f"no run has the key {target!r:.60}; {_hint(context, target)}"
            found[target] = NoSuchRun(sentence)
            continue
        if index is None:
            index = IdIndex(await context.execute(context.commands.list_recent(RECENT)))
        found[target] = _recent(context, target, index)
    return [found[target] for target in targets]


async def resolve_all(context: SupervisorContext, targets: Sequence[str]) -> list[str]:
    """Return the ids of the runs that targets name. Raises as `resolve_target` does."""
    ids: list[str] = []
    for found in await resolve_targets(context, targets):
        if isinstance(found, RtdError):
            raise found
        ids.append(found)
    return ids


async def _find_keys(context: SupervisorContext, targets: list[str]) -> dict[str, str]:
    """Return the ids of the runs that have these keys, by the keys that there are."""
    found: dict[str, str] = {}
    for chunk in _chunks(targets):
        ids = {target: id_for_key(target) for target in chunk}
        flags = await context.redis.execute_all(
            *[context.commands.is_record(run_id) for run_id in ids.values()]
        )
        found |= {target: ids[target] for target, flag in zip(ids, flags, strict=True) if flag}
    return found


def _chunks(targets: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(targets), CHUNK):
        yield targets[start : start + CHUNK]


def _recent(context: SupervisorContext, target: str, index: IdIndex) -> str | RtdError:
    found = index.find(target.upper())
    if not found:
        hint = (
            "give the whole id" if target not in context.manifest.tasks else _hint(context, target)
        )
        return NoSuchRun(f"no recent run's id starts or ends with {target!r}; {hint}")
    if len(found) > 1:
        some = ", ".join(sorted(found)[:5]) + (", ..." if len(found) > 5 else "")
        return AmbiguousRun(f"{target!r} fits {len(found)} recent runs: {some}")
    return found.pop()


def _hint(context: SupervisorContext, target: str) -> str:
    if target in context.manifest.tasks:
        return f"it is a task, and `rtctl ls {target}` lists its runs"
    if target.startswith("@"):
        return f"`rtctl ls {target:.60}` lists the runs of that queue"
    return f"a run's id is a ULID, of which {SHORTEST} characters at its start or end may do"
