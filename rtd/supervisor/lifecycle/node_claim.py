"""One daemon per node name in a shared Redis.

Two of the same name would take each other's executors for dead and run their runs again. Each has
a claim in Redis that expires `TTL_S` after its last renewal. A daemon looks for a holder on this
machine among the processes, so after a crash the next daemon need not wait; for a holder on
another machine (or in a container) only the renewal shows whether it lives. This is a guard
against mistakes of configuration: a daemon that was cut off from Redis for long may find that its
name is taken; it logs this and goes on.
"""

import asyncio
import json
import os
import socket
import time
from typing import Any, Final

from rtd.common.errors import Conflict, RtdError
from rtd.common.ids import new_id
from rtd.process.tree.process_identity import machine_id, same_process, start_ticks
from rtd.supervisor.core.context import SupervisorContext
from rtd.supervisor.core.log import log

TTL_S: Final = 10.0
RENEW_S: Final = 3.0
_POLL_S: Final = 0.5


class NodeClaim:
    """The claim of this daemon.

    Args:
        context: what the parts of the supervisor share.
    """

    def __init__(self, context: SupervisorContext) -> None:
        self._context = context
        self._token = new_id()
        self._beat = 0
        self._record = b""

    async def claim(self) -> None:
        """Claim the node's name; wait up to `TTL_S` if a daemon elsewhere may have died.

        Raises:
            Conflict: another living daemon has claimed it.
        """
        first = stored = await self._replace(b"", self._next())
        until = time.monotonic() + TTL_S + RENEW_S
        while stored != self._record:
            holder = _read(stored)
            lives = _lives(holder)
            if lives or (lives is None and stored != first) or time.monotonic() > until:
                raise Conflict(self._taken(holder))
            if lives is None:
                if stored is first:
                    log.info("waiting whether another daemon serves node %s", self._node)
                await asyncio.sleep(_POLL_S)
            stored = await self._replace(b"" if lives is None else stored, self._record)

    async def run(self) -> None:
        """Renew the claim until cancelled."""
        reported = ""
        while True:
            await asyncio.sleep(RENEW_S)
            holder = await self._context.retry(self._renew)
            await self._context.retry(self._call_for_strays)
            if holder.get("token") not in (reported, self._token):
                reported = str(holder.get("token"))
                log.error("%s; until then runs may be carried out twice", self._taken(holder))

    async def _renew(self) -> dict[str, Any]:
        """Renew the claim. Returns the record of the daemon that holds it now.

        Raises:
            StoreGone: Redis does not answer.
        """
        before, after = self._record, self._next()
        stored = await self._replace(before, after)
        if not stored or _read(stored).get("token") == self._token:
            # It has vanished (Redis was emptied, or away for long), or the reply to an earlier
            # renewal was lost.
            stored = await self._replace(stored, after)
        return _read(stored)

    async def _call_for_strays(self) -> None:
        """Let executors of this node and others come for runs that wait for their task."""
        await self._context.execute(self._context.commands.call_for_strays(self._node))

    async def release(self) -> None:
        """Remove the claim, if it is ours."""
        try:
            await self._replace(self._record, b"")
        except RtdError as error:
            log.warning("node %s is not given up: %s", self._node, error)

    @property
    def _node(self) -> str:
        return self._context.config.node

    def _next(self) -> bytes:
        self._beat += 1
        self._record = json.dumps(
            {
                "token": self._token, "beat": self._beat, "pid": os.getpid(),
                "ticks": start_ticks(os.getpid()), "machine": machine_id(),
                "host": socket.gethostname(), "where": str(self._context.paths.runtime_dir),
            }
        ).encode()  # fmt: skip
        return self._record

    async def _replace(self, before: bytes, after: bytes) -> bytes:
        call = self._context.commands.claim(self._node, before, after, int(TTL_S * 1000))
        return bytes(await self._context.execute(call))

    def _taken(self, holder: dict[str, Any]) -> str:
        return (
            f"another daemon (pid {holder.get('pid')} on {holder.get('host')}, runtime directory"
            f" {holder.get('where')}) serves node {self._node!r} in this Redis: stop it, or give"
            " each daemon a `node` (or a `name`) of its own"
        )


def _read(claim: bytes) -> dict[str, Any]:
    try:
        fields = json.loads(claim)
    except ValueError:
        return {}
    return fields if isinstance(fields, dict) else {}


def _lives(holder: dict[str, Any]) -> bool | None:
    """Return whether the holder of a claim lives; None: it is on another machine."""
    if holder.get("machine") != machine_id():
        return None
    return same_process(int(holder["pid"]), int(holder["ticks"]))
